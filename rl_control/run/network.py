"""How nodes started by this package find and reach each other, unless the user says otherwise."""

from __future__ import annotations

import os

_DEFAULTS = {
    # A simulated arm's commands must not reach somebody else's arm on the network.
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    # Fast DDS's shared memory outlives a killed process, and what it left behind can stall the
    # nodes started after it for tenths of a second; loopback is as quick. (With LOCALHOST
    # rmw_fastrtps adds shared memory all the same; a profile file of your own keeps it off.)
    "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
}


def network_defaults() -> dict[str, str]:
    """Return the environment variables to set: those above that are not set already."""
    return {name: value for name, value in _DEFAULTS.items() if name not in os.environ}
