"""The arm in a browser: a scene, a panel, and where what they show comes from."""
