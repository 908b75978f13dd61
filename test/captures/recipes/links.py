"""Link types, and the frames of each that belong to a flow or to none."""
from scapy.all import IP, UDP, Dot11, Dot11Beacon, Dot11Elt, Dot11QoS, LLC, SNAP, RadioTap, Raw

from recipes import A, B, MAC_A, MAC_B, capture_of, timed

ACCESS_POINT = "02:00:00:00:00:ff"


def datagram(down=False, sport=40000, dport=9999):
    source, destination = (B, A) if down else (A, B)
    ports = {"sport": dport, "dport": sport} if down else {"sport": sport, "dport": dport}
    return IP(src=source, dst=destination) / UDP(**ports) / (b"x" * 20)


def data_frame(down=False, **fields):
    """A to its access point, or B's answer that comes from there."""
    to_ds, from_ds = 1, 2  # whose names differ in versions of scapy
    flags, source, addresses = ((from_ds, MAC_B, {"addr1": MAC_A, "addr2": ACCESS_POINT}) if down
                                else (to_ds, MAC_A, {"addr1": ACCESS_POINT, "addr2": MAC_A}))
    return Dot11(type=2, FCfield=flags, addr3=source if down else MAC_B, **addresses, **fields)


def snap(packet):
    return LLC(dsap=0xaa, ssap=0xaa, ctrl=3) / SNAP(code=0x800) / packet


def beacon():
    return Dot11(type=0, subtype=8, addr1="ff:ff:ff:ff:ff:ff", addr2=ACCESS_POINT,
                 addr3=ACCESS_POINT) / Dot11Beacon() / Dot11Elt(ID="SSID", info=b"a")


@capture_of(105)
def wlan():
    """Both ways, then a beacon and a data frame without data."""
    return timed([data_frame(down) / snap(datagram(down)) for down in (False, True)]
                 + [beacon(), data_frame(subtype=4)])


@capture_of(127)
def radiotap():
    return timed([RadioTap() / data_frame(down) / snap(datagram(down)) for down in (False, True)])


@capture_of(105)
def amsdu():
    """Two datagrams in one frame: it belongs to the flow of the last."""
    parts = [snap(datagram(sport=port)) for port in (40001, 40002)]
    subframes = b"".join(
        mac(MAC_B) + mac(MAC_A) + len(part).to_bytes(2, "big") + bytes(part)
        + bytes(-(14 + len(part)) % 4) for part in parts)
    return timed([data_frame(subtype=8) / Dot11QoS(A_MSDU_Present=1) / Raw(subframes)])


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


@capture_of(9)
def ppp():
    """Address and control field there and left away, the protocol field long and compressed."""
    heads = [b"\xff\x03\x00\x21", b"\x00\x21", b"\x21"]
    return timed([head + bytes(datagram()) for head in heads])


@capture_of(104)
def chdlc():
    return timed([b"\x0f\x00\x08\x00" + bytes(datagram())])


@capture_of(276)
def cooked2():
    """LINUX_SLL2: EtherType, interface, ARPHRD, packet type, one address of 6 bytes."""
    head = bytes.fromhex("0800 0000 00000002 0001 04 06 02000000000a 0000")
    return timed([head + bytes(datagram())])


@capture_of(228)
def raw_v4():
    return timed([datagram()])


@capture_of(220)
def usb():
    """A bulk transfer seen by usbmon, whose data looks like an IP packet."""
    packet = bytes(datagram())
    header = (bytes(8) + b"S\x03\x81\x02\x01\x00-\x00" + bytes(12) + bytes(4)
              + len(packet).to_bytes(4, "little") * 2 + bytes(24))
    return timed([header + packet])


@capture_of(201)
def bluetooth():
    """An HCI command, with the direction before it."""
    return timed([bytes(4) + bytes.fromhex("01 030c 00")])
