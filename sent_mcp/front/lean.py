"""Loads less of other packages than they load by themselves: about a quarter of the loading.

Each shortcut is taken only with the exact version of its package it was tried with; with any other
that package loads as it likes, and the server is there later. All is loaded in one thread.
"""

import importlib.util
import os
import sys
from types import ModuleType

TRIED = {"mcp": "2.3.0", "mcp_types": "2.3.0", "httpx": "0.28.1"}
"""The version of each package that is known to work like this."""


def load_less() -> None:
    """Take the shortcuts whose packages have the version they were tried with."""
    if _is_tried("mcp"):
        # Their __init__ loads the SDK's client, its command line and its web server.
        _load_later("mcp")
        _load_later("mcp.server")
    if _is_tried("mcp_types"):
        _build_later()
    if _is_tried("httpx"):
        # Its command line loads click and rich. None makes the import fail, as where they are not.
        sys.modules["httpx._main"] = None  # type: ignore[assignment]  # Python takes None


def _is_tried(package: str) -> bool:
    """Without importlib.metadata, which takes longer than it would save."""
    if package in sys.modules:
        return False
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return False
    folder = os.path.dirname(os.path.dirname(spec.origin))
    return os.path.isdir(os.path.join(folder, f"{package}-{TRIED[package]}.dist-info"))


class _Later(ModuleType):
    """A package whose `__init__` runs when something in it is first asked for, by its name."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        object.__setattr__(self, "__class__", ModuleType)
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _load_later(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Later
    sys.modules[package] = module
    parent, _, name = package.rpartition(".")
    if parent:
        setattr(sys.modules[parent], name, module)


def _build_later() -> None:
    """Each wire type is built when it is first used; one conversation needs few of the hundreds.

    The setting is pydantic's (`defer_build`) and inherited. Were it ignored, nothing would be lost.
    """
    from mcp_types._wire_base import WireModel

    WireModel.model_config["defer_build"] = True
