"""What is acted on: PyBullet, and a fake arm for tests."""
