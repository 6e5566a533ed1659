import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askRaw, busLines, dialRaw, UPGRADE, type RawAnswer } from "../helpers/raw-local-api.ts";

/**
 * A tailscaled, real or not, on alice's node `chat`. Its tailnet has `bob-laptop`, which is bob's, and `nas`, which bears
 * `tag:backup`; the policy grants both of them `{ operator: true }` on `chat`.
 */
export interface Tailscaled {
  readonly socket: string;
  /** Of both families, IPv4 first. */
  readonly addresses: Readonly<Record<"chat" | "bob" | "nas", readonly [string, string]>>;
  /** Whether it is the oldest version that we get on with. */
  readonly oldest?: boolean;
  /** `tailscale down`, and `tailscale up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** What a user of this machine is answered who asks for what he may not have. */
  denied(): Promise<RawAnswer>;
  dispose(): Promise<void>;
}

/** What is recorded of a real tailscaled, by the names of the files. */
export function questions({ addresses }: Pick<Tailscaled, "addresses">) {
  return {
    status: "status?peers=false",
    peers: "status",
    prefs: "prefs",
    "who-is-person": `whois?addr=${addresses.bob[0]}:12345&proto=tcp`,
    "who-is-machine": `whois?addr=${addresses.nas[0]}:12345&proto=tcp`,
  } as const;
}

/** ipn.NotifyInitialState and NotifyPeerChanges, as the server asks. */
export const BUS_MASK = 2 | 4096;

const STOPPED = 4;
const RUNNING = 6;
interface StatusFields {
  readonly Self: { readonly ID: string; readonly UserID: number };
  readonly User: unknown;
  readonly Peer: Readonly<Record<string, { readonly TailscaleIPs: unknown }>>;
}

const STRING: unknown = expect.any(String);
const NUMBER: unknown = expect.any(Number);

/** What LocalAPI must say for our server to understand it: bytes, not what our client makes of them. */
export function localApiContract(name: string, open: () => Promise<Tailscaled>): void {
  describe(`the LocalAPI contract: ${name}`, () => {
    let tailscaled: Tailscaled;
    beforeAll(async () => {
      tailscaled = await open();
    });
    afterAll(() => tailscaled.dispose());

    const ask = (path: string, headers?: Readonly<Record<string, string>>) => askRaw(tailscaled.socket, path, headers);

    async function json(path: string): Promise<string> {
      const { status, type, body } = await ask(path);
      expect({ status, type }).toEqual({ status: 200, type: "application/json" });
      return body;
    }

    test("LC-1 a status without peers has the state in words, the node's addresses, itself, and its owner's profile", async () => {
      expect(JSON.parse(await json("status?peers=false"))).toMatchObject({
        BackendState: "Running",
        Version: STRING,
        TUN: true,
        AuthURL: "",
        TailscaleIPs: tailscaled.addresses.chat,
        Self: {
          ID: STRING,
          DNSName: expect.stringMatching(/^chat\..+\.$/),
          UserID: NUMBER,
          Created: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
        },
        MagicDNSSuffix: STRING,
        CurrentTailnet: { MagicDNSEnabled: true },
        CertDomains: null,
        Peer: null,
      });
    });

    test("LC-1 the owner's profile is under the number that the node has for its owner, and is the only one", async () => {
      const { Self: self, User: users }: StatusFields = JSON.parse(await json("status?peers=false"));
      // Only where it is asked for peers, too, does the oldest one have it.
      const owner = { [self.UserID]: expect.objectContaining({ LoginName: "alice@example.com" }) };
      expect(users).toEqual(tailscaled.oldest === true ? null : owner);
    });

    test("LC-1 a status has every peer with its addresses when it is asked for them", async () => {
      const { Peer: peers }: StatusFields = JSON.parse(await json("status"));
      const { bob, nas } = tailscaled.addresses;
      const addresses = Object.values(peers).map((peer) => peer.TailscaleIPs);
      expect(addresses).toHaveLength(2);
      expect(addresses).toEqual(expect.arrayContaining([bob, nas]));
    });

    test("LC-2 preferences have what the administrator has set", async () => {
      expect(JSON.parse(await json("prefs"))).toMatchObject({
        ShieldsUp: false,
        CorpDNS: expect.any(Boolean),
        ControlURL: expect.stringMatching(/^https?:/),
      });
    });

    test.each([0, 1] as const)("LC-3 who-is knows a person's node by its address (%i: IPv4, IPv6)", async (family) => {
      const { bob } = tailscaled.addresses;
      const whoIs: unknown = JSON.parse(await json(`whois?addr=${withPort(bob[family])}&proto=tcp`));
      expect(whoIs).toMatchObject({
        Node: {
          StableID: STRING,
          Name: expect.stringMatching(/^bob-laptop\..+\.$/),
          Addresses: [`${bob[0]}/32`, `${bob[1]}/128`],
          AllowedIPs: [`${bob[0]}/32`, `${bob[1]}/128`],
          Hostinfo: expect.any(Object),
          Online: true,
        },
        UserProfile: { LoginName: "bob@example.com" },
        CapMap: { "padserve.dev/cap/chat": [{ operator: true }] },
      });
      for (const absent of ["Tags", "Sharer", "Expired", "PrimaryRoutes"]) {
        expect(whoIs).not.toHaveProperty(["Node", absent]);
      }
    });

    test("LC-3 who-is calls a tagged machine nobody's, and has its tags", async () => {
      expect(JSON.parse(await json(`whois?addr=${withPort(tailscaled.addresses.nas[0])}&proto=tcp`))).toMatchObject({
        Node: { Name: expect.stringMatching(/^nas\..+\.$/), Tags: ["tag:backup"] },
        UserProfile: { LoginName: "tagged-devices" },
        CapMap: { "padserve.dev/cap/chat": [{ operator: true }] },
      });
    });

    test("LC-3 who-is of the node itself has its owner, the id that status has, and no grants where there are none", async () => {
      const { Self: self }: StatusFields = JSON.parse(await json("status?peers=false"));
      expect(JSON.parse(await json(`whois?addr=${tailscaled.addresses.chat[0]}`))).toMatchObject({
        Node: { StableID: self.ID },
        UserProfile: { LoginName: "alice@example.com" },
        CapMap: null,
      });
    });

    test.each([
      ["whois?addr=100.64.0.77:12345&proto=tcp", 404, "no match for IP:port\n"],
      ["whois?addr=127.0.0.1:9&proto=tcp", 404, "no match for IP:port\n"],
      ["whois?addr=bob", 400, "invalid 'addr' parameter\n"],
      ["whois", 400, "missing 'addr' parameter\n"],
      ["watch-ipn-bus?mask=x", 400, "bad mask\n"],
      ["nonsense", 404, "404 page not found\n"],
    ])("LC-4 %s is answered with %i", async (path, status, body) => {
      expect(await ask(path)).toEqual({ status, type: "text/plain; charset=utf-8", body });
    });

    test("LC-5 the bus begins with the state as a number, and tells when it changes", async () => {
      const bus = busLines(tailscaled.socket, BUS_MASK);
      const first = JSON.parse((await bus.next()).value ?? "");
      expect(first).toMatchObject({ Version: STRING, SessionID: STRING, State: RUNNING, Prefs: null, NetMap: null });
      await tailscaled.down();
      await lineWithState(bus, STOPPED);
      await tailscaled.up();
      await lineWithState(bus, RUNNING);
      await bus.return();
    });

    test.each([
      ["another Host", { Host: "example.com" }],
      ["Node's own Host", { Host: "localhost" }],
      ["an Origin", { Host: "local-tailscaled.sock", Origin: "http://local-tailscaled.sock" }],
      ["a Referer", { Host: "local-tailscaled.sock", Referer: "http://100.64.0.1/" }],
    ])("LC-6 %s is refused with 403 before anything else is looked at", async (_what, headers) => {
      for (const path of ["status", "whois", "watch-ipn-bus?mask=2", "dial", "nonsense"]) {
        expect(await ask(path, headers)).toEqual({
          status: 403,
          type: "text/plain; charset=utf-8",
          body: "invalid localapi request\n",
        });
      }
    });

    test("LC-10 a peer is dialled, and a refusal is told in words", async () => {
      const { bob } = tailscaled.addresses;
      for (const host of ["bob-laptop", bob[0]]) {
        expect(await dialRaw(tailscaled.socket, host, 9)).toMatchObject({
          status: 502,
          type: "text/plain; charset=utf-8",
          body: `dial failure: dial tcp ${bob[0]}:9: connect: connection refused\n`,
        });
      }
    });

    test("LC-10 what is this machine's own, or isn't the tailnet's, is left to the asker, to the address that a name has", async () => {
      const { chat } = tailscaled.addresses;
      // The oldest one connects by itself.
      if (tailscaled.oldest === true) return;
      for (const [host, address] of [
        ["chat", `${chat[0]}:9`],
        [chat[0], `${chat[0]}:9`],
        ["127.0.0.1", "127.0.0.1:9"],
        ["192.0.2.7", "192.0.2.7:9"],
        ["2001:db8::7", "[2001:db8::7]:9"],
      ] as const) {
        expect(await dialRaw(tailscaled.socket, host, 9)).toMatchObject({
          status: 200,
          self: "true",
          address,
          body: "",
        });
      }
    });

    test("LC-10 a name that nobody bears can't be looked up", async () => {
      expect(await dialRaw(tailscaled.socket, "nobody", 9)).toMatchObject({
        status: 502,
        type: "text/plain; charset=utf-8",
        body: expect.stringMatching(/^(resolve|dial) failure: lookup nobody.*\n$/),
      });
    });

    test("LC-10 a connection must be asked for as an upgrade, by POST, with a host, and with the right Host", async () => {
      const host = { Host: "local-tailscaled.sock" };
      expect(await ask("dial")).toMatchObject({ status: 405, body: "POST required\n" });
      expect(await dialRaw(tailscaled.socket, "nas", 9, host)).toMatchObject({
        status: 400,
        body: "bad ts-dial upgrade\n",
      });
      expect(await dialRaw(tailscaled.socket, "", 9, { ...host, ...UPGRADE })).toMatchObject({
        status: 400,
        body: "missing Dial-Host or Dial-Port header\n",
      });
      expect(await dialRaw(tailscaled.socket, "nas", 9, { Host: "localhost", ...UPGRADE })).toMatchObject({
        status: 403,
        body: "invalid localapi request\n",
      });
    });

    test("LC-7 who lacks permission is answered with 403 and what was denied", async () => {
      expect(await tailscaled.denied()).toEqual({
        status: 403,
        type: "text/plain; charset=utf-8",
        body: expect.stringMatching(/^[a-z ]+ access denied\n$/),
      });
    });
  });
}

/** Reads on until the state is told to be this one; on the way there it may be others. */
async function lineWithState(bus: AsyncGenerator<string, void>, state: number): Promise<void> {
  for (;;) {
    const { done = false, value } = await bus.next();
    if (done) throw new Error(`the bus has ended without telling state ${state}`);
    if (JSON.parse(value ?? "").State === state) return;
  }
}

function withPort(address: string): string {
  return encodeURIComponent(address.includes(":") ? `[${address}]:12345` : `${address}:12345`);
}
