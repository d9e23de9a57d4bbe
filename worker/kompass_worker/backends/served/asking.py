"""From requests of an evaluation to requests of a server, and back to predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.results import Prediction
from kompass_worker.backends.conversations import Talk
from kompass_worker.backends.likelihoods import (
    TextSize,
    choice_scores,
    label_score,
    least_likely,
    likeliest,
)
from kompass_worker.backends.protocol import Tokenizer
from kompass_worker.backends.served.asks import Answer, Ask, refused, seed_of
from kompass_worker.backends.served.clients import Client
from kompass_worker.backends.served.likelihoods import Likelihoods
from kompass_worker.backends.served.openai_client import Render
from kompass_worker.backends.served.patience import Patience
from kompass_worker.backends.served.tokens import estimate, room_for
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    ChoiceRequest,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    MinKPercent,
    PerplexityOnly,
    Request,
    ScoringRequest,
    Split,
    TextRequest,
)


@dataclass(frozen=True)
class Asker:
    """Answers requests one by one; any number of them side by side."""

    client: Client
    patience: Patience
    endpoint: ModelEndpointSpec
    likelihoods: Likelihoods | None
    """None where nobody asks for them."""
    render: Render
    """What the model reads of a prompt, for likelihoods."""
    tokenizer: Tokenizer | None = None
    """The model's own, where it is at hand."""

    async def answer(self, request: Request) -> Prediction:
        """The prediction; a Trouble where there is none."""
        match request:
            case GenerationRequest():
                return await self._generated(request)
            case ConversationRequest():
                return await self._talked(request)
            case ScoringRequest():
                return await self._scored(request)
            case ContinuationRequest():
                return await self._continued(request)
            case ChoiceRequest():
                return await self._chosen(request)
            case TextRequest():
                return await self._read(request)

    async def _generated(self, request: GenerationRequest) -> Prediction:
        answers = [await self._said(request, sample) for sample in range(request.samples)]
        return _prediction(request.item, answers, samples=[one.text for one in answers])

    async def _talked(self, request: ConversationRequest) -> Prediction:
        talk = Talk(request)
        answers: list[Answer] = []
        while not talk.is_over:
            answers.append(await self._said(talk.next_turn(), sample=0))
            talk.hear(answers[-1].text)
        found = _prediction(request.item, answers, samples=[])
        return found.model_copy(
            update={
                "prediction": answers[-1].text,
                "reasoning": answers[-1].reasoning,
                "turns": talk.answers,
                "tokens_in": sum(one.tokens_in for one in answers),
            }
        )

    async def _said(self, request: GenerationRequest, sample: int) -> Answer:
        ask = asked(request, self.endpoint, sample)
        room = room_for(ask.prompt, ask.max_new_tokens, self.tokenizer)
        ask = replace(ask, max_new_tokens=room)
        reserved = estimate(ask.prompt) + ask.max_new_tokens
        try:
            answer = await self.patience.carry_out(lambda: self.client.ask(ask), reserved)
        except Trouble as trouble:
            if trouble.kind is not Kind.FILTERED:
                raise
            return refused()
        self.patience.settle(reserved, answer.tokens_in + answer.tokens_out)
        return answer

    async def _scored(self, request: ScoringRequest) -> Prediction:
        scores = []
        for held in request.candidates:
            spelled = await self._likely.of(held.text)
            size = TextSize(spelled.tokens, len(spelled.nlls), held.answer_text)
            total = math.fsum(spelled.nlls)
            scores.append(label_score(held.label, total, size, request.divide_by))
        return likeliest(request, scores)

    async def _continued(self, request: ContinuationRequest) -> Prediction:
        scores = []
        for held in request.candidates:
            context = self.render(held.context)
            whole = context + held.continuation
            if request.split is Split.LM_EVAL:
                context = context.rstrip()
            spelled = await self._likely.of(whole, context)
            size = TextSize(spelled.tokens, len(spelled.continuation), held.answer_text)
            total = math.fsum(spelled.continuation)
            scores.append(
                label_score(held.label, total, size, request.divide_by, greedy=spelled.is_greedy)
            )
        return likeliest(request, scores)

    async def _chosen(self, request: ChoiceRequest) -> Prediction:
        context = self.render(request.prompt)
        nlls = []
        tokens = 0
        for choice in request.choices:
            spelled = await self._likely.of(context + choice, context)
            if len(spelled.continuation) != 1:
                raise InvalidRequest(
                    f"item {request.item}: the choice {choice!r} has {len(spelled.continuation)} "
                    "tokens of this model behind the prompt, and the method compares single "
                    "tokens: use method LogLikelihood, or other choices",
                    item=request.item,
                )
            nlls.append(spelled.continuation[0])
            tokens = spelled.tokens - 1
        return likeliest(request, choice_scores(request.choices, nlls, tokens))

    async def _read(self, request: TextRequest) -> Prediction:
        spelled = await self._likely.of(request.text)
        match request.what:
            case PerplexityOnly(divide_by):
                size = TextSize(spelled.tokens, len(spelled.nlls), request.text)
                score = label_score("", math.fsum(spelled.nlls), size, divide_by)
            case MinKPercent():
                score = least_likely(spelled.nlls, request.what, spelled.tokens)
            case BitsPerCharacter():
                raise InvalidRequest(
                    f"item {request.item}: BitsPerCharacter reads a text by windows of tokens, "
                    "which a server does not: use backend HuggingFace",
                    item=request.item,
                )
        return likeliest(request, [score])

    @property
    def _likely(self) -> Likelihoods:
        assert self.likelihoods is not None, "found before the first request that needs it"
        return self.likelihoods


def asked(request: GenerationRequest, endpoint: ModelEndpointSpec, sample: int) -> Ask:
    """What is sent for one sample.

    The endpoint's temperature takes the benchmark's place, its stop words come to the benchmark's.
    """
    own = endpoint.served.temperature
    return Ask(
        prompt=request.prompt,
        max_new_tokens=request.max_new_tokens,
        stop=tuple(dict.fromkeys((*request.stop, *endpoint.stop_words))),
        min_new_tokens=request.min_new_tokens or endpoint.min_new_tokens,
        temperature=request.temperature if own is None else float(own),
        top_p=request.top_p,
        top_k=request.top_k,
        seed=seed_of(request.seed, request.item, sample),
    )


def needs_likelihoods(request: Request) -> bool:
    """Whether a request compares or measures texts instead of writing one."""
    return not isinstance(request, GenerationRequest | ConversationRequest)


def _prediction(item: str, answers: Sequence[Answer], samples: list[str]) -> Prediction:
    first = answers[0]
    finishes = {one.finish for one in answers}
    return Prediction(
        item=item,
        prompt_hash="",
        prediction=first.text,
        samples=samples if len(answers) > 1 else [],
        reasoning=first.reasoning,
        tokens_in=first.tokens_in,
        tokens_out=sum(one.tokens_out for one in answers),
        finish_reason=next(one for one in ("content_filter", "length", "stop") if one in finishes),
    )
