"""Which option an answer names: OpenCompass' ordered patterns, of two versions, and a better rule.

Pure. In a pattern here `L` is an option letter that is captured and `O` one that is not. The lists
are what `first_option_postprocess` of OpenCompass 0.5.4 and 0.2.4 looks for, quirks included: in
`故选?L只有...` a missing comma has made one pattern of two, and where a pattern captures more than
a letter, the order of the options decides, not that of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kompass_worker.errors import InvalidRequest

Rule = Callable[[str], str]

# What both versions look for.
_ONLY: Final = (
    r"故选?L只有选?项?\s?L\s?是?对",
    r"只有选?项?\s?L\s?是?错",
    r"只有选?项?\s?L\s?不?正确",
    r"只有选?项?\s?L\s?错误",
    r"说法不?对选?项?的?是\s?L",
    r"说法不?正确选?项?的?是\s?L",
    r"说法错误选?项?的?是\s?L",
    r"L\s?是正确的",
    r"L\s?是正确答案",
    r"选项\s?L\s?正确",
    r"所以答\s?L",
)
_AT_THE_END: Final = (
    r"所以\s?(O[.。$]?$)",
    r"所有\s?(O[.。$]?$)",
    r"[\s，：:,]L[。，,\.]?$",
    r"[\s，,：:][故即]L[。\.]?$",
    r"[\s，,：:]因此L[。\.]?$",
    r"[是为。]\s?L[。\.]?$",
    r"因此\s?L[。\.]?$",
    r"显然\s?L[。\.]?$",
    r"答案是\s?(\S+)(?:。|$)",
    r"答案应该是\s?(\S+)(?:。|$)",
    r"答案为\s?(\S+)(?:。|$)",
)
_AT_THE_START: Final = (
    r"^选项\s?L",
    r"^L\s?选?项",
    r"(\s|^)O[\s。，,：:\.$]",
)
_NUMBERED: Final = (r"1.\s?(.*?)$", r"1.\s?L[.。$]?$")

_PATTERNS_0_5: Final = (
    r"答案是?\s*L",
    r"答案是?\s*：\s*L",
    r"答案是?\s*:\s*L",
    r"答案选项应?该?是\s*L",
    r"答案选项应?该?为\s*L",
    r"答案应该?是\s*L",
    r"答案应该?选\s*L",
    r"答案选项为?\s*：\s*L",
    r"答案选项为?\s+\(?\*?\*?L\*?\*?\)?",
    r"答案选项是?\s*:\s*L",
    r"答案为\s*L",
    r"答案选\s*L",
    r"选择?\s*L",
    *_ONLY,
    *_AT_THE_END,
    r"(?i:ANSWER\s*:\s*L)",
    r"[Tt]he answer is:?\s+\(?L\)?",
    r"[Tt]he answer is:?\s+\(?\*?\*?L\*?\*?\)?",
    r"[Tt]he answer is option:?\s+\(?L\)?",
    r"[Tt]he correct answer is:?\s+\(?L\)?",
    r"[Tt]he correct answer is option:?\s+\(?L\)?",
    r"[Tt]he correct answer is:?.*?boxed\{L\}",
    r"[Tt]he correct option is:?.*?boxed\{L\}",
    r"[Tt]he correct answer option is:?.*?boxed\{L\}",
    r"[Tt]he answer to the question is:?\s+\(?L\)?",
    *_AT_THE_START,
    *_NUMBERED,
)
_PATTERNS_0_2_4: Final = (
    r"答案是?\s?L",
    r"答案是?\s?：L",
    r"答案是?\s?:L",
    r"答案应该?是\s?L",
    r"答案应该?选\s?L",
    r"答案为\s?L",
    r"答案选\s?L",
    r"选择?\s?L",
    *_ONLY,
    *_AT_THE_END,
    r"[Tt]he answer is \(?L\)?",
    r"[Tt]he answer is option \(?L\)?",
    r"[Tt]he correct answer is \(?L\)?",
    r"[Tt]he correct answer is option \(?L\)?",
    r"[Tt]he answer to the question is \(?L\)?",
    *_AT_THE_START,
    r"(\s|^)O(\s|$)",
    *_NUMBERED,
)
_CUSHION: Final = (r"L:", r"L")


def first_option_0_5(*, options: str = "ABCD", cushion: bool = True) -> Rule:
    """The option named first, as OpenCompass 0.5 looks for it; `cushion`: else any letter of it."""
    patterns = _compiled(_PATTERNS_0_5, options, cushion=cushion, flags=re.DOTALL)

    def rule(text: str) -> str:
        stripped = text.strip()
        found = (pattern.search(stripped) for pattern in patterns)
        return _first(options, (match[1] or match[0] for match in found if match))

    return rule


def first_option_0_2_4(*, options: str = "ABCD", cushion: bool = True) -> Rule:
    """The option named first, as OpenCompass 0.2.4 looks for it: in the whole of a match."""
    patterns = _compiled(_PATTERNS_0_2_4, options, cushion=cushion)

    def rule(text: str) -> str:
        found = (pattern.search(text) for pattern in patterns)
        return _first(options, (match[0] for match in found if match))

    return rule


def last_option(*, options: str = "ABCD") -> Rule:
    """The last letter of the text that is one of the options."""
    letters = frozenset(_letters(options))

    def rule(text: str) -> str:
        return next((character for character in reversed(text) if character in letters), "")

    return rule


# The better rule. Full-width letters and signs count as what they look like; a letter is one that
# stands alone, so that neither "Answer" nor "10" holds one.
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES: Final = re.compile(r"\s+")
_BEFORE: Final = r"[\s:*_`(【\[“\"]*"
_ANNOUNCED: Final = (
    r"\\boxed\{\s*(?:\\(?:text|mathrm|mathbf)\{)?\s*\(?L",
    (
        rf"(?:答案|(?i:answer|choice))(?:选项|应该?选?|\s+option|\s+to\s+the\s+question)?"
        rf"\s*(?:[是为选]|(?i:is|would\s+be|should\s+be))?(?:\s+(?i:option))?{_BEFORE}L"
    ),
    rf"(?:应|故|所以|因此)?选择?(?!项){_BEFORE}L",
    rf"(?:选项|(?i:option)){_BEFORE}L[\s*_`)\].]*(?:是|is\s+)?(?:正确|对的|correct)",
    r"L[\s*_`)\].]*(?:选?项)?(?:是)?(?:正确|对的)",
)
"""From what binds to what hints."""
_ALONE: Final = r"^[\s*_`(\[【\"“]*L(?:[\s*_`)\]】\"”.,:。，、)]|$)"
_ANYWHERE: Final = r"L(?!(?<=[AI])\s+[a-z])"
"""The last resort; in "A dog" the letter is an article."""


def first_option_1(*, options: str = "ABCD") -> Rule:
    r"""The option that the text settles on, or nothing.

    Looked for in this order, of each kind the last: \boxed{C}; 答案是 C or the answer is (C); 故选
    C; 选项 C 正确; then the one the text begins with, and the last that stands alone.
    """
    letters = _letters(options)
    letter = f"(?<![A-Za-z0-9])([{re.escape(letters)}])(?![A-Za-z0-9'’])"
    announced = [re.compile(_with(pattern, letter)) for pattern in _ANNOUNCED]
    alone, anywhere = (re.compile(_with(pattern, letter)) for pattern in (_ALONE, _ANYWHERE))

    def rule(text: str) -> str:
        # One space for many: else a page of line breaks is matched in as many ways as it has pairs.
        plain = _SPACES.sub(" ", text.translate(_WIDE))
        for pattern in (*announced, alone, anywhere):
            if said := pattern.findall(plain):
                return str(said[-1])
        return ""

    return rule


def _compiled(
    patterns: Sequence[str], options: str, *, cushion: bool, flags: int = 0
) -> list[re.Pattern[str]]:
    letter = f"[{re.escape(_letters(options))}]"
    wanted = (*patterns, *_CUSHION) if cushion else patterns
    return [re.compile(_with(pattern, f"({letter})", letter), flags) for pattern in wanted]


def _with(pattern: str, captured: str, bare: str = "") -> str:
    return re.sub("[LO]", lambda place: captured if place[0] == "L" else bare, pattern)


def _first(options: str, candidates: Iterable[str]) -> str:
    return next(
        (letter for candidate in candidates for letter in options if letter in candidate), ""
    )


def _letters(options: str) -> str:
    if not options or not all(letter.isalnum() for letter in options):
        raise InvalidRequest(f"options: found {options!r}; expected letters, such as ABCD")
    return options
