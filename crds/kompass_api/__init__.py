"""Resources and documents that the operator and the worker share; pydantic only."""

from kompass_api.benchmark import Benchmark, BenchmarkSpec
from kompass_api.built_in import BUILT_IN
from kompass_api.evalpolicy import EvalPolicy, EvalPolicySpec
from kompass_api.evalrun import EvalRun, EvalRunSpec
from kompass_api.evalsuite import EvalSuite, EvalSuiteSpec
from kompass_api.modelendpoint import ModelEndpoint, ModelEndpointSpec
from kompass_api.outcomes import ExitCode, FailureClass, TerminationMessage
from kompass_api.plandocument import Plan
from kompass_api.resolution import Problem, Surroundings, resolve
from kompass_api.resources import API_VERSION, GROUP, VERSION
from kompass_api.results import Manifest, Prediction, Report, Sample
from kompass_api.rundocument import RunDocument
from kompass_api.status import EvalRunStatus

__all__ = [
    "API_VERSION",
    "BUILT_IN",
    "GROUP",
    "VERSION",
    "Benchmark",
    "BenchmarkSpec",
    "EvalPolicy",
    "EvalPolicySpec",
    "EvalRun",
    "EvalRunSpec",
    "EvalRunStatus",
    "EvalSuite",
    "EvalSuiteSpec",
    "ExitCode",
    "FailureClass",
    "Manifest",
    "ModelEndpoint",
    "ModelEndpointSpec",
    "Plan",
    "Prediction",
    "Problem",
    "Report",
    "RunDocument",
    "Sample",
    "Surroundings",
    "TerminationMessage",
    "resolve",
]
