"""A ledger built anew from ledger/README.md: the genesis, what each kind of
entry writes, and blocks with their leaves, effects and roots. It takes entries
for accepted: the refusals of section 9 are not here."""
import formats as f

EMPTY_LOG = f.sha256(b"")
ACTIVE = 1


def genesis_members(document):
    """The member set: each member with its key of purpose validate."""
    members = [{"party": party["id"], "key": key["key"]}
               for party in document["parties"]
               for key in party["keys"] if key["purposes"] == f.VALIDATE]
    return sorted(members, key=f.by("key"))


def genesis_header(document):
    return {"version": 1, "rules_version": document["rules_version"],
            "genesis_hash": f.tagged("genesis", f.GENESIS.write(document)),
            "members_hash": f.members_hash(genesis_members(document)),
            "time": document["time"], "max_age": document["max_age"],
            "name": document["name"]}


def chain_id(document):
    return f.tagged("chain", f.GENESIS_HEADER.write(genesis_header(document)))


def party_records(party, keys, height, time, **fields):
    """A new party and its keys."""
    govern = sum(k["purposes"] & f.GOVERN != 0 for k in keys)
    records = [{"type": f.PARTY, "party": party, "status": ACTIVE,
                "govern_keys": govern, **fields}]
    return records + [key_record(party, key, f.NO_KEY, height, time)
                      for key in keys]


def key_record(party, key, added_by, height, time):
    return {"type": f.KEYS, "key": key["key"], "party": party,
            "purposes": key["purposes"], "status": ACTIVE,
            "added_by": added_by, "added_height": height, "added_time": time,
            "ended_time": 0, "compromised_since": 0}


class Ledger:
    def __init__(self, document):
        self.values, self.leaves, self.height = {}, [], 0
        self.time, self.chain_id = document["time"], chain_id(document)
        self.members = genesis_members(document)
        for party in document["parties"]:
            self.write(party_records(
                party["id"], party["keys"], 0, self.time,
                roles=party["roles"], name=party["name"],
                country=party["country"], url=party["url"], sponsor=f.ZERO,
                recovery=f.ZERO, registered_by=f.ZERO))
        self.header = self.make_header(f.ZERO, f.ZERO, f.ZERO, 1)

    def make_header(self, previous, certificate_hash, entries, rules_version):
        members = f.members_hash(self.members)
        hashes = {k: f.value_hash(v) for k, v in self.values.items()}
        return {"version": 1, "rules_version": rules_version,
                "chain_id": self.chain_id, "height": self.height,
                "time": self.time, "previous": previous,
                "certificate_hash": certificate_hash, "entries_hash": entries,
                "log_size": len(self.leaves),
                "log_root": f.log_root([f.log_leaf(x) for x in self.leaves]),
                "state_root": f.state_root(hashes), "members_hash": members,
                "next_members_hash": members}

    # Records

    def read(self, kind, *natural):
        """A record of the state, or None."""
        value = self.values.get(f.record_key(kind, *natural))
        return value and f.read_record(value)

    def write(self, records):
        """Writes records at this block; the effects' items in order."""
        items = []
        for record in records:
            natural = [record[name] for name, _ in f.NATURAL[record["type"]]]
            key = f.record_key(record["type"], *natural)
            value = f.write_record({**record, "since_height": self.height,
                                    "since_time": self.time})
            before = self.values.get(key)
            self.values[key] = value
            items.append(key + (f.value_hash(before) if before else f.ZERO)
                         + f.value_hash(value))
        return sorted(items)

    # Blocks

    def append(self, time, entries, certificate):
        """The block of these entries (bytes); it becomes the ledger's last."""
        previous = f.header_id(self.header)
        self.height, self.time = self.height + 1, time
        self.add_leaf(0, 0, previous, EMPTY_LOG)
        self.effects = []
        read = [f.read_entry(data) for data in entries]
        for position, entry in enumerate(read, 1):
            items = self.write(self.written(entry))
            self.effects.append(items)
            self.add_leaf(1, position, entry["hash"],
                          f.log_root([f.log_leaf(i) for i in items]))
        self.header = self.make_header(
            previous, f.tagged("certificate", f.CERTIFICATE.write(certificate)),
            f.entries_hash([e["hash"] for e in read]), 1)
        return self.header

    def add_leaf(self, kind, position, subject, effects_root):
        self.leaves.append(f.LEAF.write({
            "type": kind, "height": self.height, "time": self.time,
            "position": position, "subject": subject,
            "effects_root": effects_root}))

    # What each kind writes (section 9)

    def written(self, entry):
        return {
            0x0201: self.register_party, 0x0203: self.add_key,
            0x0204: self.retire_key, 0x0301: self.accredit,
            0x0303: self.suspend, 0x0304: self.reinstate,
            0x0305: self.withdraw, 0x0401: self.register_programme,
            0x0601: self.anchor, 0x0602: self.change_status,
        }[entry["kind"]](entry, entry["payload"])

    def register_party(self, entry, payload):
        names = ("name", "country", "url", "sponsor", "recovery")
        return party_records(
            entry["actor"], payload["keys"], self.height, self.time, roles=0,
            registered_by=entry["id"], **{n: payload[n] for n in names})

    def add_key(self, entry, payload):
        adder = next(k for k in entry["keys"] if k != payload["key"])
        key = key_record(entry["actor"], payload, adder, self.height, self.time)
        return [key] + self.count_govern(entry["actor"], key, 1)

    def retire_key(self, entry, payload):
        key = self.read(f.KEYS, payload["key"])
        retired = {**key, "status": 2, "ended_time": self.time}
        return [retired] + self.count_govern(entry["actor"], key, -1)

    def count_govern(self, party, key, change):
        if not key["purposes"] & f.GOVERN:
            return []
        record = self.read(f.PARTY, party)
        return [{**record, "govern_keys": record["govern_keys"] + change}]

    def accredit(self, entry, payload):
        parent = self.read(f.ACCREDITATION, payload["parent"])
        return [{
            "type": f.ACCREDITATION, "entry": entry["id"],
            "accreditor": entry["actor"],
            "depth": parent["depth"] + 1 if parent else 1,
            "granting_key": entry["keys"][0],
            "granted_height": self.height, "granted_time": self.time,
            "status": ACTIVE, "status_time": self.time, "void_since": 0,
            "reason": 0, "changed_by": f.NO_KEY, **payload}]

    def changed_accreditation(self, entry, payload, status):
        record = self.read(f.ACCREDITATION, payload["accreditation"])
        own = next(k for k in entry["keys"]
                   if self.read(f.KEYS, k)["party"] == entry["actor"])
        return [{**record, "status": status, "status_time": self.time,
                 "void_since": payload.get("void_since", 0),
                 "reason": payload["reason"], "changed_by": own}]

    def suspend(self, entry, payload):
        return self.changed_accreditation(entry, payload, 2)

    def reinstate(self, entry, payload):
        return self.changed_accreditation(entry, payload, ACTIVE)

    def withdraw(self, entry, payload):
        status = 4 if payload["void_since"] else 3
        return self.changed_accreditation(entry, payload, status)

    def register_programme(self, entry, payload):
        programme = f.programme_id(entry["actor"], payload["code"])
        return [
            {"type": f.PROGRAMME, "programme": programme,
             "issuer": entry["actor"], "code": payload["code"],
             "latest_version": 1, "status": ACTIVE, "listing": 1,
             "next_review": 0},
            {"type": f.VERSION, "programme": programme,
             "programme_version": 1, "description": payload["description"]}]

    def anchor(self, entry, payload):
        names = ("label", "base", "count", "programme", "published")
        return [
            {"type": f.LIST, "issuer": entry["actor"],
             "label": payload["label"], "status": ACTIVE,
             "count": payload["base"] + payload["count"]},
            {"type": f.BATCH, "issuer": entry["actor"],
             "root": payload["root"], "entry": entry["id"],
             "programme_version": payload["version"],
             **{n: payload[n] for n in names}}]

    def change_status(self, entry, payload):
        return [self.changed_slot(entry, payload["label"], change)
                for change in payload["changes"]]

    def changed_slot(self, entry, label, change):
        place = entry["actor"], label, change["index"]
        old = self.read(f.SLOT, *place) or {
            "status": 1, "extended_until": 0, "key": f.NO_KEY}
        before_status, before_extended = old["status"], old["extended_until"]
        if old["key"] == entry["keys"][0]:
            before_status = max(before_status, old["before_status"],
                                key=f.GRAVITY.get)
            before_extended = min(before_extended, old["before_extended"])
        status = {1: 3, 2: 2, 3: 1, 4: 4, 5: 1}[change["action"]]
        return {
            "type": f.SLOT, "issuer": place[0], "label": label,
            "index": place[2], "status": status, "reason": change["reason"],
            "superseded_by": change.get("superseded_by", f.ZERO),
            "extended_until": change.get("extended_until",
                                         old["extended_until"]),
            "key": entry["keys"][0], "before_status": before_status,
            "before_extended": before_extended}

    # Multiproofs

    def multiproof(self, asked):
        """The part of the state that shows these record keys."""
        return self.prove(sorted(self.values), set(asked)) or b"\x00"

    def prove(self, keys, asked):
        if len(keys) == 1:
            return self.prove_leaf(keys[0], asked)
        if not keys:
            return b""
        bit = f.split_bit(keys[0], keys[-1])
        left = [k for k in keys if not f.bit_of(k, bit)]
        right = keys[len(left):]
        to_right = {k for k in asked if f.bit_of(k, bit)}
        if not asked:
            hashes = {k: f.value_hash(self.values[k]) for k in keys}
            return b"\x01" + f.state_root(hashes)
        return (bytes([2, bit]) + self.prove(left, asked - to_right)
                + self.prove(right, to_right))

    def prove_leaf(self, key, asked):
        value = self.values[key]
        if not asked:
            return b"\x01" + f.state_leaf(key, f.value_hash(value))
        if key in asked:
            return b"\x03" + key + f.Run(2).write(value)
        return b"\x04" + key + f.value_hash(value)
