#!/usr/bin/env python3
"""Checks an archive by FORMAT.md alone.

It shares no code with ovn and needs nothing but Python 3.8 or newer: what ovn got wrong twice, once in writing and once
in checking, is found here. It reads and never writes.

    check_archive.py <archive folder>            a line for each thing that is wrong or worth a notice, then a verdict
    check_archive.py <archive folder> --json     the same as one JSON document
    check_archive.py --stdin                     reads folders, one JSON string a line, and answers each with one line of
                                                 JSON: for many archives, since starting Python is most of the work

Exit codes: 0 intact; 3 something is damaged or missing; 7 nothing is known to be, and something could not be checked.
The codes of what is found are those of `ovn verify --json`; docs/errors.md lists them.
"""

import base64
import hashlib
import json
import os
import re
import sqlite3
import sys
from urllib.parse import quote

APPLICATION_ID = 0x6F766E31
FORMAT_VERSION = 1
MOST_BLOCK_BYTES = 2 * 1024 * 1024
MOST_LINE_BYTES = 16 * 1024 * 1024
MOST_METADATA_BYTES = 16 * 1024 * 1024
DEEPEST_VALUE = 100
MOST_STEPS = 100_000
PATIENCE = 10  # seconds that a writer's commit is waited for

RAW, DAG_PB, DAG_JSON = 0x55, 0x70, 0x0129
SHA2_256, IDENTITY = 0x12, 0x00
MOST_IDENTITY_BYTES = 128

EDITION_EVENTS = ("publish", "import", "fetch", "rebuild")
MOST_INTEGER = 2**53 - 1

TABLES = """
create table block (id integer primary key, multihash blob not null unique, bytes blob not null);
create table pin (
  id integer primary key autoincrement, root blob not null unique, multihash blob not null, depth integer,
  metadata text not null
);
create index pin_multihash on pin (multihash);
create table hold (id integer primary key autoincrement, owner text not null, multihash blob not null);
create table datastore (key text primary key, value blob not null) without rowid;
create table edition (
  slug text, version integer, root text not null, event text not null, start integer not null, length integer not null,
  primary key (slug, version, start)
) without rowid;
create index edition_root on edition (root);
create table manifest_mark (size integer not null, lines integer not null, last_start integer not null, last_cid text not null);
create table sqlite_sequence(name,seq)
"""


# What SQLite says of a malformed schema repeats it, and need not be UTF-8.
DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)


class Malformed(Exception):
    """Bytes that are not what they should be. `code` is what a report says of them."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class NotChecked(Exception):
    """Why nothing can be said about an archive."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


# --- varints, CIDs ---------------------------------------------------------------------------------------------------


def read_varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number is cut short or too long")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def split_multihash(data):
    """(function, digest) of a multihash that is all of `data`."""
    function, at = read_varint(data, 0)
    length, at = read_varint(data, at)
    if len(data) - at != length:
        raise ValueError("a multihash of another length than it says")
    return function, data[at:]


def read_cid(data):
    """(codec, multihash) of a binary CID; one of version 0 is dag-pb."""
    data = bytes(data)
    if data[:2] == b"\x12\x20" and len(data) == 34:
        return DAG_PB, data
    version, at = read_varint(data, 0)
    if version != 1:
        raise ValueError("not a CID of version 1")
    codec, at = read_varint(data, at)
    split_multihash(data[at:])
    return codec, data[at:]


def write_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def cid_bytes(cid):
    codec, multihash = cid
    return b"\x01" + write_varint(codec) + multihash


def cid_text(cid):
    return "b" + base64.b32encode(cid_bytes(cid)).decode().rstrip("=").lower()


def parse_cid(text):
    """The CID that a text is: version 1, base32, spelled as it is written."""
    if not isinstance(text, str) or not re.fullmatch("b[a-z2-7]{10,}", text):
        raise ValueError("not a CID in base32")
    digits = text[1:].upper()
    cid = read_cid(base64.b32decode(digits + "=" * (-len(digits) % 8)))
    if cid_text(cid) != text:
        raise ValueError("not a CID of version 1 as it is spelled")
    return cid


def inline_bytes(cid):
    """The bytes inside an identity CID; None for every other one."""
    function, digest = split_multihash(cid[1])
    return digest if function == IDENTITY and len(digest) <= MOST_IDENTITY_BYTES else None


def fault_of_bytes(multihash, data):
    """What is wrong with the bytes of a block, as (code, state, message); None where they are right."""
    if not isinstance(multihash, bytes):
        return "block-multihash", "damaged", "it has no multihash"
    if not isinstance(data, bytes):
        return "block-content", "damaged", "it holds no bytes"
    if len(data) > MOST_BLOCK_BYTES:
        return "block-size", "damaged", f"it has {len(data)} bytes, more than {MOST_BLOCK_BYTES}"
    try:
        function, digest = split_multihash(multihash)
    except ValueError:
        return "block-multihash", "damaged", "what should be its multihash is none"
    if function == SHA2_256:
        right = hashlib.sha256(data).digest() == digest
    elif function == IDENTITY:
        right = data == digest
    else:
        return "block-function", "not checked", f"its hash function {function:#x} is not trusted"
    return None if right else ("block-hash", "damaged", f"its {len(data)} bytes do not match its CID")


# --- canonical DAG-JSON ----------------------------------------------------------------------------------------------


def spell(value):
    """The canonical DAG-JSON of a parsed JSON value. Of (DAG-)JSON numbers there is only the double."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return re.sub("[\ud800-\udfff]", lambda lone: f"\\u{ord(lone[0]):04x}", text)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return spell_double(value)
    if isinstance(value, list):
        return "[" + ",".join(map(spell, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{spell(key)}:{spell(value[key])}" for key in keys) + "}"


def spell_double(value):
    """As ECMAScript's Number::toString does: the shortest digits, with an exponent from 1e21 on and below 1e-6."""
    if value in (float("inf"), float("-inf")):
        return "null"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, exponent = f"{abs(value)!r}e0".split("e")[:2]
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    more = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{more}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def parse_integer(text):
    value = float(text)
    return int(value) if abs(value) <= MOST_INTEGER and text != "-0" else value


def refuse_constant(_):
    raise ValueError("no number of JSON")


def parse_json(text):
    return json.loads(text, parse_int=parse_integer, parse_constant=refuse_constant)


def depth_of(value):
    """How many objects and lists lie inside one another."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, (dict, list))]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


# --- the manifest ----------------------------------------------------------------------------------------------------


def is_text(value):
    return isinstance(value, str)


def is_texts(value):
    return isinstance(value, list) and all(map(is_text, value))


def is_count(value):
    return type(value) is int and 0 <= value <= MOST_INTEGER


def is_root(value):
    try:
        parse_cid(value)
        return True
    except ValueError:
        return False


COMMON = {"v": lambda v: v == FORMAT_VERSION and type(v) is int, "event": is_text, "time": is_text}
EDITION = {
    "slug": is_text,
    "version": lambda version: is_count(version) and version > 0,
    "root": is_root,
    "size": is_count,
    "title": is_text,
    "categories": is_texts,
}
OPTIONAL = ("profile", "datePublished", "url", "source", "inputs", "previous", "note", "identifier")
FIELDS = {event: EDITION for event in EDITION_EVENTS}
FIELDS["publish"] = {**EDITION, "profile": is_text, "source": is_text, "inputs": is_text}
FIELDS["withdraw"] = {"slug": is_text, "version": is_count, "root": is_root, "reason": is_text}
FIELDS["recover"] = {"lost": is_texts}


def read_record(line):
    """The record of a line without its newline. Raises Malformed, and NotChecked for one of a newer format."""
    text = line.decode("utf-8", "replace")
    try:
        record = parse_json(text)
    except RecursionError:
        raise Malformed("line-depth", "it is too deep") from None
    except ValueError:
        raise Malformed("line-json", "it is not JSON") from None
    if not isinstance(record, dict):
        raise Malformed("line-record", "it is not a record")
    if depth_of(record) > DEEPEST_VALUE + 1:
        raise Malformed("line-depth", "it is too deep")
    # One spelling for one value: a key that stands there twice is not spelled this way either.
    if spell(record).encode() != line:
        raise Malformed("line-spelling", "it is not spelled as DAG-JSON")
    body = {key: value for key, value in record.items() if key != "cid"}
    digest = hashlib.sha256(spell(body).encode()).digest()
    found = cid_text((DAG_JSON, bytes([SHA2_256, 32]) + digest))
    if record.get("cid") != found:
        fault = Malformed("line-cid", "its bytes do not match its CID")
        fault.names = [name for name in (record.get("cid"), found) if is_text(name)]
        raise fault
    v = record.get("v")
    if type(v) is int and FORMAT_VERSION < v <= MOST_INTEGER:
        raise NotChecked("unsupported", f"the manifest was written by a newer ovn (format {v})")
    event = record.get("event")
    wanted = {**COMMON, **FIELDS.get(event if is_text(event) else "", {})}
    texts = ("parent",) + (OPTIONAL if event in EDITION_EVENTS else ())
    wrong = [field for field, fits in wanted.items() if field not in record or not fits(record[field])]
    wrong += [field for field in texts if field in record and not is_text(record[field])]
    if wrong:
        raise Malformed("line-field", f'its field "{wrong[0]}" is not what the format wants')
    return record


class Line:
    """A line of the manifest: its number from 1, where it stands, and its record, or None where it is damaged."""

    def __init__(self, number, start, length, record):
        self.number, self.start, self.length, self.record = number, start, length, record

    @property
    def end(self):
        return self.start + self.length + 1

    def get(self, field):
        return self.record.get(field)

    @property
    def label(self):
        return f"{self.get('slug')}@{self.get('version')}"

    @property
    def is_edition(self):
        return self.get("event") in EDITION_EVENTS

    @property
    def is_about_root(self):
        return self.is_edition or self.get("event") == "withdraw"


class Root:
    """What the manifest says of a root: the editions that have it, and whether it is kept."""

    def __init__(self, name):
        self.name, self.editions, self.live = name, [], False

    @property
    def labels(self):
        return [line.label for line in self.editions]


class Manifest:
    def __init__(self, file, report):
        self.report = report
        self.lines = []  # whole and right
        self.bad = []  # damaged
        self.known = set()  # CIDs that stand on damaged lines: whoever names them does not name a stranger
        self.parents_of_bad = set()
        self.roots = {}
        try:
            with open(file, "rb") as opened:
                data = opened.read()
            self.exists = True
        except FileNotFoundError:
            data, self.exists = b"", False
        start = 0
        while (end := data.find(b"\n", start)) != -1:
            self._add(data[start:end], start)
            start = end + 1
        self.size, rest = start, data[start:]
        if rest:
            self._read_rest(rest)
        self.has_lost = any(line.get("lost") for line in self.lines if line.get("event") == "recover")
        self._follow_roots()

    def _add(self, data, start):
        number = len(self.lines) + len(self.bad) + 1
        try:
            if len(data) > MOST_LINE_BYTES:
                raise Malformed("line-length", f"it is longer than {MOST_LINE_BYTES} bytes")
            self.lines.append(Line(number, start, len(data), read_record(data)))
        except Malformed as fault:
            self._add_bad(data, start, fault)

    def _add_bad(self, data, start, fault):
        number = len(self.lines) + len(self.bad) + 1
        self.bad.append(Line(number, start, len(data), None))
        self.known.update(re.findall("b[a-z2-7]{20,}", data.decode("latin-1")))
        self.parents_of_bad.update(getattr(fault, "names", ()))
        self.report.add(fault.code, "damaged", f"line {number} of the manifest: {fault}", line=number)

    def _read_rest(self, rest):
        """What follows the last newline: an interrupted line, unless all of a line is there."""
        if len(rest) > MOST_LINE_BYTES:
            return self._add_bad(rest[:65536], self.size, Malformed("line-length", "it is too long"))
        try:
            read_record(rest[:-1])
        except (Malformed, NotChecked):
            return self.report.note("line-torn", f"an unfinished line of {len(rest)} bytes")
        self._add_bad(rest, self.size, Malformed("line-newline", "the newline at its end is another byte"))
        self.size += len(rest)

    def _follow_roots(self):
        for line in self.lines:
            if not line.is_about_root:
                continue
            root = self.roots.setdefault(line.get("root"), Root(line.get("root")))
            root.live = line.is_edition
            if line.is_edition:
                root.editions.append(line)
            elif line.label not in root.labels and root.name not in self.known and not self.has_lost:
                message = f"line {line.number} withdraws {line.label}, which no line above it records with that root"
                self.report.add("withdraw-unrecorded", "damaged", message, line=line.number)

    @property
    def live(self):
        return [root for root in self.roots.values() if root.live]

    def check_chain(self):
        report = self.report
        places, children, lost, first = {}, {}, set(), None
        for line in self.lines:
            places.setdefault(line.get("cid"), line.number)
            if line.get("event") == "recover":
                lost.update(line.get("lost"))
        bad_numbers = {line.number for line in self.bad}
        for line in self.lines:
            cid, parent, number = line.get("cid"), line.get("parent"), line.number
            if parent is not None:
                sibling = children.setdefault(parent, line)
                if sibling.get("cid") != cid:
                    message = f"lines {sibling.number} and {number} follow the same record"
                    report.note("chain-branch", message, line=number)
            if places[cid] != number:
                report.add("chain-repeat", "damaged", f"line {number} is line {places[cid]} again", line=number)
            elif parent is None:
                if first is not None:
                    report.note("chain-start", f"line {number} follows none, as line {first} does", line=number)
                first = first or number
            elif parent not in places:
                # Where the line above is damaged, or the parent stands on a damaged one, that is told there.
                if parent not in lost and number - 1 not in bad_numbers and parent not in self.parents_of_bad:
                    message = f"the record before line {number} is missing"
                    report.add("chain-parent", "missing", message, line=number, cid=parent)
            elif places[parent] > number:
                message = f"line {number} follows line {places[parent]}, which stands below it"
                report.add("chain-order", "damaged", message, line=number)

    def check_versions(self):
        for line in self.lines:
            if line.is_edition:
                self._check_version(line)
        labels = {}
        for line in [line for root in self.live for line in root.editions]:
            other = labels.setdefault(line.label, line)
            if other.get("root") != line.get("root"):
                self.report.note("version-twice", f"{line.label} is recorded with two roots", line=line.number)

    def _check_version(self, line):
        version, previous = line.get("version"), line.get("previous")
        published = line.get("event") == "publish"

        def wrong(code, state, message):
            self.report.add(code, state, f"{line.label} {message}", line=line.number, articles=[line.label])

        if previous is None:
            if version > 1 and published:
                wrong("version-unnamed", "damaged", "does not name the version that it replaces")
            return
        if version == 1 and published:
            wrong("version-first", "damaged", "is a first version, and names one that it replaces")
        before = self.roots[previous].editions if previous in self.roots else []
        if any(each.get("slug") == line.get("slug") and each.get("version") == version - 1 for each in before):
            return
        if not published or (self.has_lost and not before):
            message = f"the version that {line.label} replaces is not recorded"
            self.report.note("version-absent", message, line=line.number)
        elif before:
            wrong("version-previous", "damaged", f"replaces {previous}, which is not the version before it")
        elif previous not in self.known:
            wrong("version-unrecorded", "missing", f"replaces {previous}, which the manifest does not record")


# --- UnixFS ----------------------------------------------------------------------------------------------------------


class Node:
    """A UnixFS node. `links` are (name, CID, size): parts have no name, and only those of a file have a size."""

    def __init__(self, kind, data=b"", links=()):
        self.kind, self.data, self.links = kind, data, list(links)

    @property
    def own_size(self):
        return len(self.data) if self.kind in ("file", "symlink") else 0


def protobuf_fields(data):
    """(field number, wire type, value) of a protobuf message; a value is a number or bytes."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        field, wire = tag >> 3, tag & 7
        if field == 0:
            raise ValueError("a field without a number")
        if wire == 0:
            value, at = read_varint(data, at)
        else:
            if wire == 2:
                length, at = read_varint(data, at)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise ValueError("a wire type that is none")
            if at + length > len(data):
                raise ValueError("a field is cut short")
            value = data[at : at + length]
            at += length
        yield field, wire, value


def read_dag_pb(data):
    """(data, links) of a dag-pb node, strictly: fields of the specification only, Hash, Name, Tsize in this order."""
    content, links, closed = None, [], False
    for field, wire, value in protobuf_fields(data):
        if wire != 2 or field not in (1, 2):
            raise ValueError("a field that dag-pb does not have")
        if field == 1:
            if content is not None:
                raise ValueError("two fields of data")
            content, closed = value, bool(links)
            continue
        if closed:
            raise ValueError("links on both sides of the data")
        links.append(read_link(value))
    return content, links


def read_link(data):
    cid, name, last = None, None, 0
    for field, wire, value in protobuf_fields(data):
        if field <= last or field > 3 or wire != (0 if field == 3 else 2):
            raise ValueError("a link with fields that are out of order")
        last = field
        if field == 1:
            cid = read_cid(value)
        elif field == 2:
            name = value.decode("utf-8", "replace")
    if cid is None:
        raise ValueError("a link to nothing")
    return name or "", cid


def read_unixfs(data):
    """(fields by number, sizes of parts) of UnixFS's message Data. Of a field that stands there twice the last counts."""
    numbers, sizes, content = {}, [], b""
    for field, wire, value in protobuf_fields(data):
        if wire == 0 and value > MOST_INTEGER:
            raise ValueError("a number beyond all measure")
        if field == 4 and wire == 0:
            sizes.append(value)
        elif field == 4 and wire == 2:
            at = 0
            while at < len(value):
                size, at = read_varint(value, at)
                sizes.append(size)
        elif wire == 0:
            numbers[field] = value
        elif field == 2 and wire == 2:
            content = value
    return numbers, sizes, content


def read_node(codec, data):
    """The node of a block whose bytes are right. Raises ValueError for what is not UnixFS as FORMAT.md wants it."""
    if codec == RAW:
        return Node("file", data)
    message, links = read_dag_pb(data)
    if message is None:
        raise ValueError("a node without data")
    numbers, sizes, content = read_unixfs(message)
    kind = numbers.get(1)
    if kind in (0, 2):
        if len(links) != len(sizes) or 0 in sizes or max(sizes, default=0) > MOST_INTEGER:
            raise ValueError("parts without right sizes")
        if numbers.get(3, len(content) + sum(sizes)) != len(content) + sum(sizes):
            raise ValueError("a size that is not that of the parts")
        return Node("file", content, [(None, cid, size) for (_, cid), size in zip(links, sizes)])
    if kind == 1:
        if len({name for name, _ in links}) != len(links) or any(name == "" for name, _ in links):
            raise ValueError("entries without a name, or with the name of another")
        return Node("directory", links=[(name, cid, None) for name, cid in links])
    if kind == 4:
        content.decode("utf-8")
        return Node("symlink", content)
    if kind == 5:
        return read_shard(numbers, links)
    raise ValueError("neither a file nor a directory")


def read_shard(numbers, links):
    fanout = numbers.get(6, 0)
    if numbers.get(5) != 0x22 or not 8 <= fanout <= 1024 or fanout & (fanout - 1):
        raise ValueError("a shard that is not murmur3-x64-64, or has a fan-out that is none")
    width = len(f"{fanout - 1:X}")
    prefixes = [name[:width] for name, _ in links]
    names = [name[width:] for name, _ in links if name[width:]]
    if any(not re.fullmatch(f"[0-9A-F]{{{width}}}", prefix) or int(prefix, 16) >= fanout for prefix in prefixes):
        raise ValueError("a link that names no place in its shard")
    if len(set(prefixes)) != len(prefixes) or len(set(names)) != len(names):
        raise ValueError("two links of a shard in one place, or with one name")
    return Node("directory", links=[(name[width:] or None, cid, None) for name, cid in links])


class Below:
    """What lies below a CID: whether all of it is right, the bytes of its files, and whether it is one file."""

    def __init__(self, intact, size=0, is_file=False):
        self.intact, self.size, self.is_file = intact, size, is_file


class Dag:
    """The DAGs of an archive. What was walked once is not walked again."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.known = {}
        self.lies = {}  # files whose parts are not as long as they say
        self.needed = set()

    def node(self, cid):
        """The node of a CID, or (code, state, message) where there is none."""
        codec, multihash = cid
        data = inline_bytes(cid)
        if data is None:
            data = self.blocks.read(multihash)
            if not isinstance(data, bytes):
                return data
        if codec not in (RAW, DAG_PB):
            return "block-codec", "not checked", f"its codec {codec:#x} is not UnixFS"
        try:
            return read_node(codec, data)
        except ValueError as error:
            return "block-unixfs", "not checked", f"it is not UnixFS: {error}"

    def need(self, cid):
        if inline_bytes(cid) is None:
            self.needed.add(cid[1])

    def check(self, root):
        stack = [(root, None)]
        while stack:
            cid, node = stack.pop()
            if cid in self.known:
                continue
            self.need(cid)
            if node is not None:
                self.known[cid] = self._judge(cid, node)
                continue
            node = self.node(cid)
            if isinstance(node, tuple):
                self.known[cid] = Below(False)
                continue
            stack.append((cid, node))
            stack.extend((link, None) for _, link, _ in node.links if link not in self.known)
        return self.known[root]

    def _judge(self, cid, node):
        parts = [(self.known[link], said) for _, link, said in node.links]
        intact = all(below.intact for below, _ in parts)
        if node.kind == "file":
            for below, said in parts:
                if below.intact and (not below.is_file or below.size != said):
                    intact = False
                    what = f"a part of {below.size} bytes" if below.is_file else "a directory"
                    message = f"it names {what} as a part of a file with {said} bytes"
                    self.lies[cid] = ("file-parts", "damaged", message)
        return Below(intact, node.own_size + sum(below.size for below, _ in parts), node.kind == "file")

    def problems(self, root):
        """Yields (CID, code, state, message, path) for all below a root that is not right."""
        stack, seen = [(root, "")], set()
        while stack and len(seen) < MOST_STEPS:
            cid, path = stack.pop()
            if self.known[cid].intact or (cid, path) in seen:
                continue
            seen.add((cid, path))
            if cid in self.lies:
                yield (cid, *self.lies[cid], path)
            node = self.node(cid)
            if isinstance(node, tuple):
                yield (cid, *node, path)
                continue
            for name, link, _ in node.links:
                stack.append((link, path if name is None else f"{path}/{name}".lstrip("/")))

    def entries(self, root):
        """The entries of a directory; None for everything else, and where a part of it is not right."""
        entries, stack = {}, [root]
        while stack:
            node = self.node(stack.pop())
            if isinstance(node, tuple) or node.kind != "directory":
                return None
            for name, cid, _ in node.links:
                if name is None:
                    stack.append(cid)
                else:
                    entries[name] = cid
        return entries

    def file_bytes(self, cid):
        """The bytes of a file; None where it is none, not right, or too long for metadata."""
        parts, stack, size = [], [cid], 0
        while stack:
            node = self.node(stack.pop())
            if isinstance(node, tuple) or node.kind != "file":
                return None
            parts.append(node.data)
            size += len(node.data)
            if size > MOST_METADATA_BYTES or sum(said for _, _, said in node.links) > MOST_METADATA_BYTES:
                return None
            stack.extend(link for _, link, _ in reversed(node.links))
        return b"".join(parts)


# --- blocks.sqlite ---------------------------------------------------------------------------------------------------


def plain_sql(sql):
    """A statement whose white space does not matter."""
    return re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", sql.strip()))


def describe_statements():
    """(type, table, statement) of all that must be there, by name. SQLite writes the first two words in capitals."""
    described = {
        f"sqlite_autoindex_{table}_1": ("index", table, None)  # made by SQLite for what is unique
        for table in ("block", "pin")
    }
    for sql in TABLES.strip().split(";\n"):
        kind, name = re.match(r"create (\w+) (\w+)", sql).groups()
        table = name if kind == "table" else re.search(r" on (\w+)", sql)[1]
        described[name] = (kind, table, plain_sql(re.sub(r"^create \w+", lambda words: words[0].upper(), sql)))
    return described


STATEMENTS = describe_statements()


def understand(error):
    """(code, state, message) of what SQLite has answered."""
    number = getattr(error, "sqlite_errorcode", None)
    message = str(error)
    if number is None:  # before Python 3.11
        known = {"readonly": 776, "disk i/o": 10, "unable to open": 14, "locked": 5, "not a database": 26}
        number = next((code for text, code in known.items() if text in message), 11)
    if number == 776:
        return "database-journal", "not checked", "an interrupted writer left a journal"
    if number & 0xFF in (3, 5, 6, 7, 8, 9, 10, 14, 22, 23):
        return "database-unreadable", "not checked", message
    return "database-damaged", "damaged", message


class Database:
    """blocks.sqlite, read in one transaction: nobody commits meanwhile."""

    def __init__(self, file):
        with open(file, "rb") as opened:
            self.header = opened.read(100)
        self.connection = sqlite3.connect(self._address(file), uri=True, timeout=PATIENCE, isolation_level=None)
        self.connection.text_factory = lambda data: data.decode("utf-8", "replace")
        self.blocks = {}  # multihash → what is wrong with the block, or None
        self.sizes = {}
        self.connection.execute("begin")
        self.connection.execute("select count(*) from sqlite_master").fetchone()

    def _address(self, file):
        """As a rule SQLite is told to read, and minds who writes. To read a database in the mode WAL it would make files;
        one whose log is empty can be read as it stands."""
        log = file + "-wal"
        is_still = self.header[19:20] == b"\x02" and not (os.path.exists(log) and os.path.getsize(log) > 0)
        return f"file:{quote(os.fsencode(os.path.abspath(file)))}?mode=ro{'&immutable=1' if is_still else ''}"

    def close(self):
        self.connection.close()

    def rows(self, sql, *values):
        return self.connection.execute(sql, values)

    def check_format(self, report):
        """Whether what is inside can be looked at."""

        def wrong(code, message):
            report.add(code, "damaged", f"blocks.sqlite: {message}")

        (application,) = self.rows("pragma application_id").fetchone()
        (version,) = self.rows("pragma user_version").fetchone()
        if application != APPLICATION_ID:
            wrong("database-application", "it is not the database of an archive")
            return
        if version > FORMAT_VERSION:
            raise NotChecked("unsupported", f"blocks.sqlite was written by a newer ovn (format {version})")
        if version != FORMAT_VERSION:
            wrong("database-format", f"it names the format {version}")
        if self.header[18] > 2:
            wrong("database-header", "its header says that it cannot be written to")
        found = {}
        for kind, name, table, sql in self.rows("select type, name, tbl_name, sql from sqlite_master"):
            if kind in ("trigger", "view"):
                wrong("database-schema", f"it has a {kind} that no archive has: {name}")
            found[name] = (kind, table, plain_sql(sql) if is_text(sql) else sql)
        for name, described in STATEMENTS.items():
            if found.get(name) != described:
                wrong("database-schema", f"the table or index {name} is missing, or not that of an archive")

    def check_structure(self, report):
        for (line,) in self.rows("pragma integrity_check(100)").fetchall():
            if line != "ok":
                report.add("database-structure", "damaged", f"blocks.sqlite: {line}")

    def hash_all(self):
        """Yields (multihash, code, state, message) of each block that is not right."""
        for multihash, data in self.rows("select multihash, bytes from block order by id"):
            fault = fault_of_bytes(multihash, data)
            if isinstance(multihash, bytes):
                self.blocks[multihash] = fault
                self.sizes[multihash] = len(data) if isinstance(data, (bytes, str)) else 0
            if fault is not None:
                yield (multihash, *fault)

    def read(self, multihash):
        """The bytes of a block, or (code, state, message)."""
        try:
            row = self.rows("select bytes from block where multihash = ?", multihash).fetchone()
        except DATABASE_ERRORS as error:
            return understand(error)
        if row is None:
            return "block-missing", "missing", "it is not in the archive"
        return fault_of_bytes(multihash, row[0]) or row[0]


# --- the archive -----------------------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.damage, self.notices = [], []

    def add(self, code, state, message, **details):
        self.damage.append({"code": code, "state": state, "message": message, **details})

    def note(self, code, message, **details):
        self.notices.append({"code": code, "message": message, **details})

    @property
    def state(self):
        states = {each["state"] for each in self.damage}
        return next((state for state in ("damaged", "missing", "not checked") if state in states), "intact")


class Check:
    """One check of one archive. `result` is what is known at its end."""

    def __init__(self, folder):
        self.report = Report()
        self.manifest = None
        self.pins = self.strays = 0
        self.database = None
        self.folder = folder

    def run(self):
        try:
            self._run()
        except NotChecked as why:
            self.report.add(why.code, "not checked", str(why))
        except DATABASE_ERRORS as error:
            code, state, message = understand(error)
            self.report.add(code, state, f"blocks.sqlite: {message}")
        except OSError as error:
            self.report.add("storage", "not checked", str(error))
        finally:
            if self.database is not None:
                self.database.close()
        return self.result()

    def _run(self):
        manifest_file, blocks_file, config_file = [
            os.path.join(self.folder, name) for name in ("manifest.jsonl", "blocks.sqlite", "config.json")
        ]
        if not any(map(os.path.exists, (manifest_file, blocks_file, config_file))):
            raise NotChecked("not-found", "no archive")
        failure = None
        if os.path.exists(blocks_file) and os.path.getsize(blocks_file) > 0:
            try:
                self.database = Database(blocks_file)
            except DATABASE_ERRORS as error:
                failure = understand(error)
        # After the transaction has begun: whatever the manifest names from here on was committed before.
        manifest = self.manifest = Manifest(manifest_file, self.report)
        manifest.check_chain()
        manifest.check_versions()
        if failure is not None:
            code, state, message = failure
            self.report.add(code, state, f"blocks.sqlite: {message}")
        elif self.database is None:
            if manifest.lines:
                message = "blocks.sqlite: it is missing, and the manifest has records"
                self.report.add("database-missing", "missing", message)
        else:
            self._check_database()

    def _check_database(self):
        database, report = self.database, self.report
        database.check_format(report)
        for check in (lambda: database.check_structure(report), self._check_cache):
            try:
                check()
            except DATABASE_ERRORS as error:
                code, state, message = understand(error)
                report.add(code, state, message)
        lonely = self._check_pins()
        bad = []
        try:
            for fault in database.hash_all():
                bad.append(fault)
        except DATABASE_ERRORS as error:
            code, state, message = understand(error)
            report.add(code, state, f"blocks.sqlite: {message}")
        dag = Dag(database)
        told = {}
        for root in self.manifest.live:
            cid = parse_cid(root.name)
            below = dag.check(cid)
            if not below.intact:
                self._locate(dag, cid, root.labels[-1], told)
            for line in root.editions:
                self._check_record(line, cid, below, dag)
        for cid, depth in lonely:
            if depth is None and not dag.check(cid).intact:
                self._locate(dag, cid, None, told)
            elif depth is not None:
                self._need_levels(dag, cid, depth)
        located = {cid[1] for cid in told}
        for multihash, code, state, message in bad:
            if multihash not in located:
                name = cid_name(multihash)
                named = {} if name is None else {"cid": name}
                report.add(code, state, f"block {name}, which no article needs: {message}", articles=[], **named)
        held = {multihash for (multihash,) in database.rows("select multihash from hold")}
        self.strays = sum(1 for multihash in database.blocks if multihash not in dag.needed and multihash not in held)

    def _locate(self, dag, root, label, told):
        """Each block that is not right is told once, with all who need it."""
        for cid, code, state, message, path in dag.problems(root):
            name = cid_text(cid)
            if cid not in told:
                self.report.add(code, state, f"block {name}: {message}", cid=name, articles=[], needs=[])
                told[cid] = self.report.damage[-1]
            need = {"root": cid_text(root), "path": path, **({} if label is None else {"article": label})}
            if need not in told[cid]["needs"]:
                told[cid]["needs"].append(need)
            if label is not None and label not in told[cid]["articles"]:
                told[cid]["articles"].append(label)

    def _need_levels(self, dag, root, depth):
        level = {root}
        for _ in range(min(depth, MOST_STEPS) + 1):
            following = set()
            for cid in level:
                dag.need(cid)
                node = dag.node(cid)
                if not isinstance(node, tuple):
                    following.update(link for _, link, _ in node.links)
            level = following

    def _check_record(self, line, root, below, dag):
        report, label = self.report, line.label

        def compare(field, found, expected):
            if spell_or_none(found) != spell_or_none(expected):
                what = f"the {field} of {label} is not that of its bundle"
                message = f"line {line.number}: {what}: {found!r}, not {expected!r}"
                report.add(f"record-{field}", "damaged", message, line=line.number, articles=[label])

        def lack(code, message):
            report.add(code, "damaged", f"the bundle of {label}: {message}", articles=[label])

        if below.intact:
            compare("size", line.get("size"), below.size)
        entries = dag.entries(root)
        if entries is None:
            if below.intact and line.get("source") is not None:
                lack("bundle-folder", "the root is not a directory")
            return
        metadata = read_metadata(dag, entries.get("metadata.json"))
        is_bundle = metadata.get("schemaVersion") == f"ovn-bundle/{FORMAT_VERSION}"
        if not is_bundle and line.get("source") is None:
            return
        if line.get("event") == "publish":
            for path in ("article.md", "index.html", "metadata.json"):
                if path not in entries:
                    lack("bundle-file", f"{path} is not in it")
        source = entries.get("article.md")
        is_file = source is not None and (source[0] == RAW or getattr(dag.node(source), "kind", None) == "file")
        compare("source", line.get("source"), cid_text(source) if is_file else None)
        if not is_bundle:
            if below.intact:
                lack("bundle-metadata", "metadata.json is not that of a bundle")
            return
        identifier = line.get("identifier")
        revised = metadata.get("prov:wasRevisionOf")
        before = revised.get("@id") if isinstance(revised, dict) else None
        compare("slug", line.get("slug") if identifier is None else identifier, metadata.get("identifier"))
        compare("version", line.get("version"), metadata.get("version"))
        compare("title", line.get("title"), metadata.get("headline"))
        compare("date", line.get("datePublished"), metadata.get("datePublished"))
        compare("categories", line.get("categories"), metadata.get("articleSection", []))
        compare("url", line.get("url"), metadata.get("url"))
        compare("previous", line.get("previous"), re.sub("^ipfs://", "", before) if is_text(before) else before)
        corrections = metadata.get("correction")
        if not isinstance(corrections, list):
            corrections = []
        texts = [each.get("text") for each in corrections if isinstance(each, dict)]
        if line.get("note") is not None and line.get("note") not in texts:
            compare("note", line.get("note"), texts[-1] if texts else None)

    def _check_pins(self):
        """Checks all pins. Returns (CID, depth) of those whose root the manifest does not keep."""
        roots, report, lonely, pinned = self.manifest.roots, self.report, [], set()
        try:
            rows = self.database.rows("select root, multihash, depth, metadata from pin").fetchall()
        except DATABASE_ERRORS as error:
            code, state, message = understand(error)
            report.add(code, state, f"the pins could not be read: {message}")
            return lonely
        self.pins = len(rows)
        for data, multihash, depth, metadata in rows:
            try:
                cid = read_cid(data)
                if cid_bytes(cid) != data:
                    raise ValueError("not a CID of version 1")
            except (ValueError, TypeError):
                report.add("pin-root", "damaged", "a pin names no root", articles=[])
                continue
            name = cid_text(cid)
            pinned.add(name)
            root = roots.get(name)
            is_live = root is not None and root.live
            code = fault_of_pin(cid, multihash, depth, metadata, root if is_live else None)
            if code is not None:
                articles = root.labels if is_live else []
                report.add(code, "damaged", f"the pin of {name} is not right", articles=articles)
            elif not is_live:
                lonely.append((cid, depth))
                if root is not None:
                    report.note("pin-withdrawn", f"{name} is withdrawn and still pinned")
                elif name not in self.manifest.known:
                    report.note("pin-unrecorded", f"{name} is pinned, and the manifest does not name it")
        for root in self.manifest.live:
            if root.name not in pinned:
                report.add("pin-missing", "missing", f"{root.labels[-1]} is not pinned", articles=root.labels)
        return lonely

    def _check_cache(self):
        manifest, report = self.manifest, self.report
        marks = self.database.rows("select size, lines, last_start, last_cid from manifest_mark").fetchall()
        rows = self.database.rows("select slug, version, root, event, start, length from edition").fetchall()

        def wrong(code, message):
            report.add(code, "damaged", message)

        if not marks:
            return wrong("cache-mark", "the cache has editions, and no end of the manifest") if rows else None
        if len(marks) > 1:
            return wrong("cache-mark", "the cache names two ends of the manifest")
        size, lines, start, cid = marks[0]
        by_start = {line.start: line for line in manifest.lines}
        last = by_start.get(start)
        if last is None or (last.end, last.number, last.get("cid")) != (size, lines, cid):
            return self._check_mark(size, lines, start, cid)
        wanted = {
            (line.get("slug"), line.get("version"), line.get("root"), line.get("event"), line.start, line.length)
            for line in manifest.lines
            if line.start < size and line.is_about_root
        }
        strange = [row for row in rows if row not in wanted and not self._is_on_bad_line(row[4])]
        if strange:
            wrong("cache-rows", f"{len(strange)} rows of the cache are not what the manifest says")
        if wanted - set(rows):
            wrong("cache-missing", f"{len(wanted - set(rows))} records are missing in the cache")

    def _check_mark(self, size, lines, start, cid):
        """The mark does not fit: what it names is at another place, or gone."""
        manifest, report = self.manifest, self.report
        if not all(type(each) is int for each in (size, lines, start)) or not is_text(cid):
            return report.add("cache-mark", "damaged", "the mark is no end of a manifest")
        if any(line.start < size and line.start + line.length >= start for line in manifest.bad):
            return None
        lost = [name for line in manifest.lines if line.get("event") == "recover" for name in line.get("lost")]
        cids = [line.get("cid") for line in manifest.lines]
        last = {(line.start, line.end, line.number) for line in manifest.lines}
        if (manifest.size >= size and cid in cids) or cid in lost or (start, size, lines) in last:
            return report.add("cache-mark", "damaged", "the cache names another end than the manifest has there")
        code = "manifest-end" if manifest.exists else "manifest-missing"
        return report.add(code, "missing", f"the manifest had {lines} lines or more", cid=cid)

    def _is_on_bad_line(self, start):
        bad = self.manifest.bad
        return type(start) is int and any(line.start <= start <= line.start + line.length for line in bad)

    def result(self):
        manifest, report = self.manifest, self.report
        live = manifest.live if manifest else []
        editions = {(line.label, root.name) for root in live for line in root.editions}
        return {
            "folder": self.folder,
            "state": report.state,
            "records": len(manifest.lines) if manifest else 0,
            "lastCid": manifest.lines[-1].get("cid") if manifest and manifest.lines else None,
            "editions": [{"article": label, "root": root} for label, root in sorted(editions)],
            "withdrawn": sorted(root.name for root in manifest.roots.values() if not root.live) if manifest else [],
            "blocks": len(self.database.blocks) if self.database else 0,
            "bytes": sum(self.database.sizes.values()) if self.database else 0,
            "pins": self.pins,
            "strays": self.strays,
            "damage": report.damage,
            "notices": report.notices,
        }


def cid_name(multihash):
    """A name for a block of which the codec is not known: that of raw bytes. None where its multihash is none."""
    try:
        split_multihash(multihash)
        return cid_text((RAW, multihash))
    except (ValueError, TypeError):
        return None


def spell_or_none(value):
    return None if value is None else spell(value)


def read_metadata(dag, cid):
    """The object in metadata.json; empty where there is none."""
    data = None if cid is None else dag.file_bytes(cid)
    try:
        value = {} if data is None else parse_json(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def fault_of_pin(cid, multihash, depth, metadata, live):
    """The code of what is wrong with a pin; None where nothing is. `live` is its root where the manifest keeps it."""
    if multihash != cid[1]:
        return "pin-multihash"
    if depth is not None and (live is not None or type(depth) is not int):
        return "pin-depth"
    try:
        values = parse_json(metadata) if is_text(metadata) else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, (dict, list)):
        return "pin-metadata"
    if live is None:
        return None
    names = (values.get("slug"), values.get("version")) if isinstance(values, dict) else ()
    editions = [(line.get("slug"), line.get("version")) for line in live.editions]
    return None if names in editions and type(names[1]) is int else "pin-edition"


EXIT_CODES = {"intact": 0, "damaged": 3, "missing": 3, "not checked": 7}


def main(arguments):
    if arguments == ["--stdin"]:
        for line in sys.stdin:
            print(json.dumps(Check(json.loads(line)).run()), flush=True)
        return 0
    folders = [each for each in arguments if each != "--json"]
    if len(folders) != 1 or folders[0].startswith("--"):
        print(__doc__, file=sys.stderr)
        return 2
    result = Check(folders[0]).run()
    if "--json" in arguments:
        print(json.dumps(result))
    else:
        for each in result["damage"] + result["notices"]:
            print(ascii(f"{each.get('state', 'notice')} {each['code']}: {each['message']}")[1:-1])
        counted = f"{result['records']} records, {len(result['editions'])} live editions, {result['blocks']} blocks"
        print(f"{result['state']}: {counted}, {result['strays']} strays")
    return EXIT_CODES[result["state"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
