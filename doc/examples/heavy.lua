-- A field of one's own, made of ours in the same frame: is the flow heavy already?
--   tshark -X lua_script:heavy.lua -r CAPTURE -Y heavy.flow
local proto = Proto("heavy", "Heavy flows")
local heavy = ProtoField.bool("heavy.flow", "Heavy flow")
proto.fields = { heavy }

local id, bytes = Field.new("flow.id"), Field.new("flow.sofar.bytes")

function proto.dissector(tvb, pinfo, tree)
    if id() and bytes().value > UInt64(1000) then
        tree:add(proto):add(heavy, true)
    end
end

register_postdissector(proto)
