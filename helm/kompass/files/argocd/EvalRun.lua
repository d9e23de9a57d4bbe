-- Health of an EvalRun or EvalSuite for Argo CD, from the kstatus conditions that the operator
-- keeps. Only what Argo CD gives scripts by default is used: no string, math, os or io library.
local health = { status = "Progressing", message = "waiting for the operator" }

if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "the operator has not seen the newest spec"
  return health
end

local held = {}
for _, condition in ipairs(obj.status.conditions) do
  held[condition.type] = condition
end

local function holds(name)
  return held[name] ~= nil and held[name].status == "True"
end

if holds("Stalled") then
  health.status = "Degraded"
  health.message = held["Stalled"].message
elseif holds("Ready") and not holds("Reconciling") then
  health.status = "Healthy"
  health.message = held["Ready"].message
elseif holds("Suspended") then
  health.status = "Suspended"
  health.message = held["Suspended"].message
elseif held["Ready"] ~= nil then
  health.message = held["Ready"].message
end
return health
