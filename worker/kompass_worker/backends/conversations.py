"""Turn by turn through a dialogue: what the model sees next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kompass_api.methods import InferMode
from kompass_api.results import Prediction
from kompass_worker.errors import InvalidData
from kompass_worker.prompts.requests import (
    ConversationRequest,
    GenerationRequest,
    Message,
    plain_dialogue,
)


@dataclass
class Talk:
    """A conversation under way."""

    request: ConversationRequest
    answers: list[str] = field(default_factory=list)
    """To the turns so far."""

    def __post_init__(self) -> None:
        self._said = list(self.request.messages)
        self._turns = _turns(self.request)

    @property
    def is_over(self) -> bool:
        """Whether every turn has its answer."""
        return len(self.answers) == len(self._turns)

    def next_turn(self) -> GenerationRequest:
        """The turn that is to be answered now."""
        asked = self.request
        turn = len(self.answers)
        history = tuple(self._said[: self._turns[turn]])
        plain = asked.plain
        return GenerationRequest(
            # Its seed is its own: the number of the turn takes part in it.
            item=f"{asked.item}#{turn}",
            prompt=history if plain is None else plain_dialogue(history, plain),
            max_new_tokens=asked.max_new_tokens,
            stop=asked.stop,
            min_new_tokens=asked.min_new_tokens,
            temperature=asked.temperature,
            top_p=asked.top_p,
            top_k=asked.top_k,
            seed=asked.seed,
        )

    def hear(self, answer: str) -> None:
        """Note the answer to the turn; in mode `every` it takes the place of the data's."""
        place = self._turns[len(self.answers)]
        self.answers.append(answer)
        if self.request.infer_mode is InferMode.EVERY and place < len(self._said):
            self._said[place] = replace(self._said[place], content=answer)

    def prediction(self, heard: Sequence[Prediction]) -> Prediction:
        """The turns' answers as one: the last turn's, with all of them beside it."""
        return heard[-1].model_copy(
            update={
                "item": self.request.item,
                "turns": self.answers,
                "tokens_in": sum(one.tokens_in for one in heard),
                "tokens_out": sum(one.tokens_out for one in heard),
                "finish_reason": "length"
                if any(one.finish_reason == "length" for one in heard)
                else heard[-1].finish_reason,
            }
        )


def _turns(request: ConversationRequest) -> list[int]:
    """Places of the answers that are asked for; behind the end where the user speaks last."""
    places = [i for i, said in enumerate(request.messages) if said.role == "assistant"]
    if request.messages and not _is_answer(request.messages[-1]):
        places.append(len(request.messages))
    if not places or not places[0]:
        found = "begins with an answer" if places else "is empty"
        raise InvalidData(
            f"item {request.item}: the dialogue {found}; it needs a user's message before every "
            "answer",
            item=request.item,
        )
    return places[-1:] if request.infer_mode is InferMode.LAST else places


def _is_answer(message: Message) -> bool:
    return message.role == "assistant"
