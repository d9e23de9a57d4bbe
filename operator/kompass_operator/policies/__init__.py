"""EvalPolicies: what they forbid a run, and how the GPUs of a namespace are shared. Pure.

`sight` and `reading` say what is known of them, `rules` and `matching` hold the table, `verdicts`
what they object to, `stepping` and `gpus` what they leave of a run's next step, `admission` the
same rules as ValidatingAdmissionPolicies.
"""
