-- Health of a ModelEndpoint for Argo CD. Only an endpoint that a run needs is probed, so one that
-- nobody has asked for yet is well.
local health = { status = "Healthy", message = "no run needs it now" }

if obj.status == nil or obj.status.conditions == nil then
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
elseif obj.status.observedGeneration ~= obj.metadata.generation then
  health.status = "Progressing"
  health.message = "the operator has not seen the newest spec"
elseif holds("Reconciling") then
  health.status = "Progressing"
  health.message = held["Reconciling"].message
elseif held["Ready"] ~= nil and held["Ready"].status == "False" then
  health.status = "Degraded"
  health.message = held["Ready"].message
elseif held["Ready"] ~= nil then
  health.message = held["Ready"].message
end
return health
