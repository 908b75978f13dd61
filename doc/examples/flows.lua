-- A line for each flow when all packets have been read:
--   tshark -q -X lua_script:flows.lua -r CAPTURE
local id, tuple, bytes = Field.new("flow.id"), Field.new("flow.tuple"), Field.new("flow.sofar.bytes")
local flows, last = {}, -1

local listener = Listener.new("flow") -- a display filter can be its second argument

function listener.packet(pinfo, tvb)
    if not id() then return end -- no flow, or not yet
    local number = id().value
    flows[number] = { tuple = tuple().value, bytes = bytes().value }
    last = math.max(last, number)
end

function listener.draw()
    for number = 0, last do
        local flow = flows[number]
        if flow then print(number, flow.tuple, flow.bytes) end
    end
end

function listener.reset()
    flows, last = {}, -1
end
