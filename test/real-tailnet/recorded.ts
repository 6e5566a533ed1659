type Fields = Readonly<Record<string, unknown>>;

/** What depends on the machine, the hour or the weather of the network, by its field. */
const FIXED: Fields = {
  SessionID: "0f",
  Health: [],
  Addrs: null,
  CurAddr: "",
  Endpoints: null,
  HomeDERP: 999,
  Relay: "test",
  RxBytes: 0,
  TxBytes: 0,
  Active: false,
  InMagicSock: true,
  InEngine: false,
  PeerAPIURL: null,
  TaildropTarget: 0,
  Machine: "mkey:00",
  DiscoKey: "discokey:00",
  // Of zeros over LocalAPI, but it looks like secrets, and nobody reads it.
  Config: null,
};

const NO_TIME = "0001-01-01T00:00:00Z";

/** An answer of tailscaled, fit to be kept: with fixed keys and times, and nothing of the machine it came from. */
export function withoutIdentities(answer: string): string {
  return `${JSON.stringify(replaced(JSON.parse(answer)), null, 2)}\n`;
}

function replaced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(replaced);
  if (isFields(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, replacedField(name, field, value)]));
  }
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && value !== NO_TIME;
  return isTime ? "2026-01-02T03:04:05Z" : value;
}

function replacedField(name: string, value: unknown, holder: Fields): unknown {
  if (name in FIXED) return FIXED[name];
  switch (name) {
    case "PublicKey":
    case "Key":
      return nodeKey(holder);
    case "Peer":
      return isFields(value)
        ? Object.fromEntries(Object.values(value).filter(isFields).map(peer).toSorted(byKey))
        : value;
    case "Hostinfo":
      // The rest describes the machine that recorded it.
      return isFields(value) ? { OS: value["OS"], Hostname: value["Hostname"] } : value;
    default:
      return replaced(value);
  }
}

function peer(node: Fields): readonly [string, unknown] {
  return [nodeKey(node), replaced(node)];
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** Who-is has the node's number as its `ID`, where status has another name for it. */
function nodeKey(node: Fields): string {
  return `nodekey:${String(node["NodeID"] ?? node["ID"]).padStart(2, "0")}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
