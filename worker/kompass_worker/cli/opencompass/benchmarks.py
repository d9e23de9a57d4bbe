"""Names of OpenCompass' dataset configurations, and the built-in benchmarks that equal them.

Pure.
"""

from __future__ import annotations

import difflib
import re
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from kompass_api.built_in import BUILT_IN
from kompass_worker.benchmarks import builtin

_VERSION: Final = re.compile(r"_[0-9a-f]{6}$")


class Known(NamedTuple):
    """A built-in benchmark and the configuration it equals."""

    benchmark: str
    config: str

    @property
    def stem(self) -> str:
        """The configuration's name without its version."""
        return _VERSION.sub("", self.config)


def known() -> list[Known]:
    """Every built-in benchmark that equals a configuration of OpenCompass."""
    specs = ((name, builtin(name)) for name in BUILT_IN)
    return [Known(name, spec.open_compass.config) for name, spec in specs if spec.open_compass]


def found(name: str, among: list[Known]) -> list[str]:
    """The benchmarks of `ceval_gen`, `ceval_gen_5f30c7` or `ceval*`; `/suffix` does not matter."""
    wanted = name.partition("/")[0].removesuffix(".py").lower()
    exact = [one.benchmark for one in among if fnmatchcase(one.config.lower(), wanted)]
    if exact:
        return exact
    # A plain name imports one of several versions, which need not have that name: mmlu_gen is
    # mmlu_openai_simple_evals_gen. The benchmark it imports is built in under the plain name.
    plain = [one.benchmark for one in among if one.benchmark.replace("-", "_") == wanted]
    return plain or [one.benchmark for one in among if fnmatchcase(one.stem.lower(), wanted)]


def hint(name: str, among: list[Known]) -> str:
    """The nearest configurations there are."""
    configs = [one.config for one in among]
    stem = _VERSION.sub("", name)
    same = [one.config for one in among if one.stem == stem]
    near = same or difflib.get_close_matches(name, configs, n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""
