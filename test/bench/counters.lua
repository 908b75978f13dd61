-- The counters of a flow in a Lua post-dissector, written with care: fields are looked up once, a
-- flow is found by one string, and first passes keep what later ones show.
local names = {
    ip_src = "ip.src", ip_dst = "ip.dst", ipv6_src = "ipv6.src", ipv6_dst = "ipv6.dst",
    tcp_len = "tcp.len", flags = "tcp.flags", id = "ip.id", df = "ip.flags.df",
}
local fields = {}
for short, name in pairs(names) do
    fields[short] = Field.new(name)
end

local proto = Proto("lua_flow", "Flow counters in Lua")
local shown = {
    id = ProtoField.uint32("lua_flow.id", "Flow"),
    packets = ProtoField.uint32("lua_flow.pkts", "Packets so far"),
    bytes = ProtoField.uint64("lua_flow.bytes", "Bytes so far"),
}
proto.fields = { shown.id, shown.packets, shown.bytes }

local flows, count, frames = {}, 0, {}

function proto.init()
    flows, count, frames = {}, 0, {}
end

local function half()
    return { packets = 0, bytes = 0, wire_bytes = 0, payload = 0, payload_packets = 0, lost = 0 }
end

local function account(buffer, pinfo)
    local source, destination = fields.ip_src() or fields.ipv6_src(),
                                fields.ip_dst() or fields.ipv6_dst()
    if not source then
        return
    end
    local from = tostring(source) .. ":" .. pinfo.src_port
    local to = tostring(destination) .. ":" .. pinfo.dst_port
    local is_down = from > to
    local key = is_down and to .. from or from .. to
    local flow = flows[key]
    if not flow then
        flow = { id = count, up = half(), down = half(), start = pinfo.rel_ts, flags = 0 }
        flows[key], count = flow, count + 1
    end
    local side = is_down and flow.down or flow.up
    side.packets = side.packets + 1
    side.bytes = side.bytes + pinfo.caplen
    side.wire_bytes = side.wire_bytes + pinfo.len
    flow.last = pinfo.rel_ts
    local length = fields.tcp_len()
    if length then
        side.payload = side.payload + length.value
        side.payload_packets = side.payload_packets + (length.value > 0 and 1 or 0)
        flow.flags = bit32.bor(flow.flags, fields.flags().value)
    end
    local id = fields.id()
    if id and not fields.df().value then
        local gap = side.id and (id.value - side.id) % 65536 or 0
        side.lost = side.lost + (gap > 0 and gap < 128 and gap - 1 or 0)
        side.id = id.value
    end
    frames[pinfo.number] = { flow.id, flow.up.packets + flow.down.packets,
                             flow.up.bytes + flow.down.bytes }
end

function proto.dissector(buffer, pinfo, tree)
    if not pinfo.visited then
        account(buffer, pinfo)
    end
    local frame = frames[pinfo.number]
    if frame then
        local item = tree:add(proto)
        item:add(shown.id, frame[1])
        item:add(shown.packets, frame[2])
        item:add(shown.bytes, UInt64(frame[3]))
    end
end

register_postdissector(proto)
