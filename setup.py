"""What setup.cfg can't say: which folders of a checkout lie inside the packages that read them once installed."""

from setuptools import find_packages, setup

INSIDE = {"platz.migrations": "migrations", "platz_sandbox.config": "config"}

setup(
    packages=[*find_packages(include=["platz", "platz.*", "platz_sandbox", "platz_sandbox.*"]), *INSIDE],
    package_dir=INSIDE,
)
