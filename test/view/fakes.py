"""Nodes of a scene and of a panel that remember what was sent to them."""

import numpy as np


class Node:
    """Remembers what was set on it."""

    def __init__(self, log, path, **properties):
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "log", log)
        object.__setattr__(self, "callbacks", [])
        for key, value in {"visible": True, **properties}.items():
            object.__setattr__(self, key, value)

    def __setattr__(self, key, value):
        self.log.append((self.path, key))
        object.__setattr__(self, key, value)

    def on_update(self, callback):
        self.callbacks.append(callback)

    on_click = on_update


class Scene:
    """Records what is added, and what is set afterwards."""

    def __init__(self):
        self.nodes, self.log = {}, []

    def _add(self, path, **properties):
        pose = {"wxyz": np.array([1.0, 0, 0, 0]), "position": np.zeros(3)}
        self.nodes[path] = Node(self.log, path, **{**pose, **properties})
        return self.nodes[path]

    def add_line_segments(self, path, points, colors, **properties):
        return self._add(path, points=points, colors=colors, **properties)

    def add_label(self, path, text, **properties):
        return self._add(path, text=text, **properties)

    add_frame = add_mesh_simple = add_grid = add_icosphere = add_transform_controls = _add

    def set_up_direction(self, direction):
        self.up = direction

    def configure_environment_map(self, *args, **options):
        pass

    def configure_default_lights(self, *args, **options):
        pass


class Gui:
    """Records buttons and inputs."""

    def __init__(self):
        self.made, self.log = {}, []

    def add_slider(self, label, least, most, step, value):
        self.made[label] = Node(self.log, label, value=value, max=most)
        return self.made[label]

    def add_button(self, label, **options):
        self.made["button"] = Node(self.log, "button", label=label)
        return self.made["button"]

    def add_dropdown(self, label, options, initial_value):
        self.made[label] = Node(self.log, label, value=initial_value)
        return self.made[label]


class Event:
    """What a page tells of an input."""

    def __init__(self, target, client="someone"):
        self.target, self.client = target, client
