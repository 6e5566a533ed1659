import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { decodeServerLine } from "../../wire/classic/server-lines.ts";
import {
  bansAnswer,
  broadcastAnswer,
  helpAnswer,
  infoAnswer,
  listAnswer,
  orderAnswer,
  serverInfoAnswer,
} from "./answers.ts";
import type { AnswerReader } from "./blocks.ts";
import { directAnswer } from "./direct-proof.ts";
import { PendingRequests } from "./pending-requests.ts";

const newRequests = () => new PendingRequests({ line: 1_000_000, whole: 1_000_000 }, () => undefined);
const receive = (requests: PendingRequests, text: string) => requests.receive(decodeServerLine(text), text.length);
const CLOSED = { kind: "closed" } as const;

/** A command, what a server may say to it, and the outcome that this means. */
interface Exchange {
  readonly reader: () => AnswerReader<unknown>;
  readonly says: readonly string[];
  readonly outcome: unknown;
}

const LIST = ["BEGIN_RESPONSE", "CLIENT bob", "CLIENT Me", "END_RESPONSE"];
const OLD_LIST = ["CLIENT me", "LISTED"];
const refused = (reason: string, rest = {}) => ({ kind: "refused", error: { reason, ...rest } });
const taken = { kind: "taken" };
const exchange = (reader: Exchange["reader"], says: readonly string[], outcome: unknown) => ({ reader, says, outcome });

const EXCHANGES: readonly Exchange[] = [
  exchange(() => directAnswer("me"), LIST, taken),
  exchange(() => directAnswer("me"), OLD_LIST, taken),
  exchange(() => directAnswer("me"), ["ERROR Recipient not found", ...LIST], refused("recipient-not-found")),
  exchange(() => directAnswer("me"), ["ERROR Too many messages", ...OLD_LIST], refused("too-many-messages")),
  exchange(() => directAnswer("me"), ["ERROR Server storage failed", ...LIST], refused("storage-failed")),
  exchange(
    () => directAnswer("me"),
    ["ERROR Not registered", "ERROR Not registered"],
    refused("not-understood", { text: "Not registered" }),
  ),
  exchange(() => directAnswer("me"), ["BEGIN_RESPONSE", "CLIENT m", "END_RESPONSE"], {
    kind: "unknown",
    why: { kind: "forgotten" },
  }),
  exchange(broadcastAnswer, ["BROADCAST SENT"], taken),
  exchange(broadcastAnswer, ["ERROR Decryption failed"], refused("not-understood", { text: "Decryption failed" })),
  exchange(broadcastAnswer, ["ERROR so it is"], refused("other", { text: "so it is" })),
  exchange(listAnswer, ["BEGIN_RESPONSE", "END_RESPONSE"], { kind: "answered", value: [] }),
  exchange(listAnswer, ["LISTED"], { kind: "answered", value: [] }),
  exchange(() => orderAnswer("kick"), ["SUCCESS Kicked client bob"], taken),
  exchange(() => orderAnswer("ban"), ["ERROR Not authorized as operator"], refused("not-operator")),
  exchange(bansAnswer, ["BEGIN_RESPONSE", "BANNED bob", "BANNED you", "END_RESPONSE"], {
    kind: "answered",
    value: ["bob", "you"],
  }),
  exchange(bansAnswer, ["BEGIN_RESPONSE", "No clients are currently banned", "END_RESPONSE"], {
    kind: "answered",
    value: [],
  }),
  exchange(infoAnswer, ["INFO No Tailscale IP"], {
    kind: "answered",
    value: { host: null, addresses: [], ids: null },
  }),
  exchange(infoAnswer, ["BEGIN_RESPONSE", "INFO Server: box", "INFO No Tailscale IP", "CLIENT me", "END_RESPONSE"], {
    kind: "answered",
    value: { host: "box", addresses: [], ids: ["me"] },
  }),
  exchange(
    infoAnswer,
    ["ERROR Failed to get Tailscale IP: no"],
    refused("other", { text: "Failed to get Tailscale IP: no" }),
  ),
  exchange(
    helpAnswer,
    ["BEGIN_RESPONSE", "Available server commands:", "LIST - List", "END SERVERHELP", "END_RESPONSE"],
    {
      kind: "answered",
      value: [{ usage: "LIST", text: "List", operator: false }],
    },
  ),
  exchange(serverInfoAnswer, ["SERVERINFO Server: box", "SERVERINFO No Tailscale IP"], {
    kind: "answered",
    value: { host: "box", addresses: [] },
  }),
];

const anyExchange = fc.constantFrom(...EXCHANGES);

test("CC-6 whatever was asked in whatever order, each command has its own answer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyExchange, { maxLength: 12 }), async (exchanges) => {
      const requests = newRequests();
      const outcomes = exchanges.map(({ reader }) => requests.add(reader()));
      const lines = exchanges.flatMap(({ says }) => says);
      expect(lines.filter((line) => !receive(requests, line))).toEqual([]);
      expect(await Promise.all(outcomes)).toEqual(exchanges.map(({ outcome }) => outcome));
    }),
  );
});

test("CC-10 when the lines break off, what was answered has its answer and no later command any", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyExchange, { minLength: 1, maxLength: 8 }), fc.nat(), async (exchanges, cut) => {
      const requests = newRequests();
      const outcomes = exchanges.map(({ reader }) => requests.add(reader()));
      let left = cut % exchanges.flatMap(({ says }) => says).length;
      const complete = exchanges.filter(({ says }) => (left -= says.length) >= 0).length;
      const lines = exchanges.flatMap(({ says }) => says).slice(0, cut % exchanges.flatMap(({ says }) => says).length);
      for (const line of lines) receive(requests, line);
      requests.end(CLOSED);
      const settled = await Promise.all(outcomes);
      expect(settled.slice(0, complete)).toEqual(exchanges.slice(0, complete).map(({ outcome }) => outcome));
      // The one that was cut may be known already, as refused; never as taken.
      const [half, ...later] = settled.slice(complete);
      expect([{ kind: "unknown", why: CLOSED }, exchanges[complete]?.outcome]).toContainEqual(half);
      expect(half).not.toHaveProperty("kind", "taken");
      expect(later).toEqual(later.map(() => ({ kind: "unknown", why: CLOSED })));
    }),
  );
});

test("CC-10 an error that LIST could also have, with nothing behind it, leaves a direct message unknown", async () => {
  const requests = newRequests();
  const outcome = requests.add(directAnswer("me"));
  receive(requests, "ERROR Server storage failed");
  requests.end(CLOSED);
  expect(await outcome).toEqual({ kind: "unknown", why: CLOSED });
});

test("CC-14 an error within an answer that has begun is nobody's: the message before was taken", async () => {
  const requests = newRequests();
  const outcomes = [requests.add(directAnswer("me")), requests.add(serverInfoAnswer())];
  const error = "ERROR Recipient not found";
  receive(requests, "BEGIN_RESPONSE");
  expect(receive(requests, error)).toBe(false);
  receive(requests, "CLIENT me");
  receive(requests, "END_RESPONSE");
  receive(requests, "SERVERINFO Server: box");
  expect(receive(requests, error)).toBe(false);
  receive(requests, "SERVERINFO No Tailscale IP");
  expect(await Promise.all(outcomes)).toEqual([taken, { kind: "answered", value: { host: "box", addresses: [] } }]);
});

test("CC-11 the time for a line counts from the last line of the oldest request's answer, and other lines don't extend it", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const giveUp = vi.fn();
  const requests = new PendingRequests({ line: 100, whole: 1000 }, giveUp);
  void requests.add(listAnswer());
  const after = (milliseconds: number, text: string) => {
    vi.advanceTimersByTime(milliseconds);
    receive(requests, text);
  };
  after(99, "BEGIN_RESPONSE");
  after(99, "END_RESPONSE");
  expect(vi.getTimerCount()).toBe(0);
  void requests.add(listAnswer());
  void requests.add(broadcastAnswer());
  after(99, "LISTED");
  after(99, "BROADCAST");
  expect(giveUp).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(giveUp.mock.calls).toEqual([[{ kind: "silent" }]]);
});

test("CC-33 an answer that comes a line at a time for ever is no answer", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const giveUp = vi.fn();
  const requests = new PendingRequests({ line: 100, whole: 1000 }, giveUp);
  void requests.add(listAnswer());
  for (let time = 0; time < 950; time += 50) {
    vi.advanceTimersByTime(50);
    expect(receive(requests, "CLIENT x")).toBe(true);
  }
  expect(giveUp).not.toHaveBeenCalled();
  vi.advanceTimersByTime(50);
  expect(giveUp.mock.calls).toEqual([[{ kind: "silent" }]]);
  requests.end(CLOSED);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([1, 250, 64 * 1024])("CC-33 an answer of endless lines of %i characters is given up at 4 MiB", (length) => {
  const giveUp = vi.fn();
  const requests = new PendingRequests({ line: 1_000_000, whole: 1_000_000 }, giveUp);
  void requests.add(listAnswer());
  let read = 0;
  for (; giveUp.mock.calls.length === 0; read += length) requests.receive({ kind: "client", id: "x" }, length);
  expect(giveUp.mock.calls).toEqual([[{ kind: "oversized" }]]);
  expect(read).toBeLessThanOrEqual(4 * 1024 * 1024 + length);
  requests.end(CLOSED);
});

test("CC-14 a line that the oldest command can't have is nobody's, and changes nothing", async () => {
  const foreign = ["SUCCESS Banned client bob", "BROADCAST SENT", "hello", "LISTED", "CLIENT x", "INFO Server: x"];
  for (const text of foreign) {
    const requests = newRequests();
    const outcome = requests.add(orderAnswer("kick"));
    expect(receive(requests, text)).toBe(false);
    expect(receive(requests, "SUCCESS Kicked client bob")).toBe(true);
    expect(await outcome).toEqual(taken);
  }
  expect(receive(newRequests(), "BROADCAST SENT")).toBe(false);
});
