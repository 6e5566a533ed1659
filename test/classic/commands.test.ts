/** PROTOCOL.md, "Commands and replies", row by row. On this server alice is operator, for she came first. */
import { expect, test } from "vitest";
import { OWN_ADDRESS_LINES, setScene, type Row } from "../helpers/classic-scene.ts";

const HELP = ["Available server commands:", "LIST - List all connected clients", "INFO - Print server information"];
const OPERATOR_HELP = [
  "Operator commands:",
  "SERVERINFO - Retrieve server information",
  "KICK <clientID> - Kick a client from the server",
  "BAN <clientID> - Ban a client from the server",
  "UNBAN <clientID> - Unban a client from the server",
  "LISTBANS - List all banned clients",
];

const rows: readonly Row[] = [
  ["a newcomer", "REGISTER", ["ERROR Invalid REGISTER command"], "open"],
  ["a newcomer", "REGISTER dave the great", ["ERROR Invalid REGISTER command"], "open"],
  ["a newcomer", "REGISTER bob", ["ERROR Client name already registered"], "open"],
  ["a newcomer", "REGISTER mallory", ["ERROR You are banned from this server"], "closed"],
  ["bob", "SEND ALL {hello}", ["BROADCAST SENT"], "open"],
  ["bob", "SEND ALL {hello in upper case}", ["BROADCAST SENT"], "open"],
  ["carol", "SEND ALL {hello}", ["ERROR Shared secret not established"], "open"],
  ["bob", "SEND ALL hello", ["ERROR Invalid encrypted data"], "open"],
  ["bob", "SEND ALL abc", ["ERROR Invalid encrypted data"], "open"],
  ["bob", "SEND ALL {padding of 17}", ["ERROR Decryption failed"], "open"],
  ["bob", "SEND alice {a pad}", [], "open"],
  ["bob", "SEND nobody {a pad}", ["ERROR Recipient not found"], "open"],
  ["bob", "SEND", ["ERROR Invalid SEND command"], "open"],
  ["bob", "SEND ALL", ["ERROR Invalid SEND command"], "open"],
  ["bob", "SEND alice hello there", ["ERROR Invalid SEND command"], "open"],
  ["bob", "SEND  alice {a pad}", ["ERROR Invalid SEND command"], "open"],
  ["bob", "LIST", ["BEGIN_RESPONSE", "CLIENT alice", "CLIENT bob", "END_RESPONSE"], "open"],
  ["bob", "SERVERHELP", ["BEGIN_RESPONSE", ...HELP, "END SERVERHELP", "END_RESPONSE"], "open"],
  ["alice", "SERVERHELP", ["BEGIN_RESPONSE", ...HELP, ...OPERATOR_HELP, "END SERVERHELP", "END_RESPONSE"], "open"],
  ["alice", "SERVERINFO", OWN_ADDRESS_LINES("SERVERINFO"), "open"],
  ["alice", "KICK", ["ERROR Invalid KICK command"], "open"],
  ["alice", "BAN", ["ERROR Invalid BAN command"], "open"],
  ["alice", "UNBAN", ["ERROR Invalid UNBAN command"], "open"],
  ["alice", "KICK bob bob", ["ERROR Usage: KICK <clientID>"], "open"],
  ["alice", "BAN bob bob", ["ERROR Usage: BAN <clientID>"], "open"],
  ["alice", "UNBAN mallory mallory", ["ERROR Usage: UNBAN <clientID>"], "open"],
  ["alice", "KICK bob", ["SUCCESS Kicked client bob"], "open"],
  ["alice", "BAN bob", ["SUCCESS Banned client bob"], "open"],
  ["alice", "BAN nobody", ["SUCCESS Banned client nobody"], "open"],
  ["alice", "UNBAN mallory", ["SUCCESS Unbanned client mallory"], "open"],
  ["alice", "UNBAN bob", ["ERROR Client bob not found in banned list"], "open"],
  ["alice", "LISTBANS", ["BEGIN_RESPONSE", "BANNED mallory", "END_RESPONSE"], "open"],
  ["bob", "SERVERINFO", ["ERROR Not authorized as operator"], "open"],
  ["bob", "LISTBANS", ["ERROR Not authorized as operator"], "open"],
  ["bob", "KICK alice", ["ERROR Not authorized as operator"], "open"],
  ["bob", "BAN alice", ["ERROR Not authorized as operator"], "open"],
  ["bob", "UNBAN mallory", ["ERROR Not authorized as operator"], "open"],
  ["bob", "KICK alice alice", ["ERROR Not authorized as operator"], "open"],
  ["bob", "KICK", ["ERROR Invalid KICK command"], "open"],
  ["bob", "BAN", ["ERROR Invalid BAN command"], "open"],
  ["bob", "UNBAN", ["ERROR Invalid UNBAN command"], "open"],
  ["alice", "KICK alice", ["ERROR Cannot kick the operator"], "open"],
  ["alice", "BAN alice", ["ERROR Cannot ban the operator"], "open"],
  ["alice", "KICK nobody", ["ERROR Client nobody not found"], "open"],
  ["bob", "HELLO there", ["ERROR Unknown command: HELLO there"], "open"],
  ["bob", "list", ["ERROR Unknown command: list"], "open"],
  ["bob", "LISTEN", ["ERROR Unknown command: LISTEN"], "open"],
  ["bob", "Grüße, 世界", ["ERROR Unknown command: Grüße, 世界"], "open"],
  ["bob", "EXIT", [], "closed"],
  ["a newcomer", "EXIT", [], "closed"],
  // INFO, from the first two generations.
  [
    "bob",
    "INFO",
    ["BEGIN_RESPONSE", ...OWN_ADDRESS_LINES("INFO"), "CLIENT alice", "CLIENT bob", "END_RESPONSE"],
    "open",
  ],
];

test.each(rows)("SC-3 %s says %j and hears %j, then is %s", async (...row) => {
  await using scene = await setScene(["mallory"]);
  const [, , hears, after] = row;
  expect(await scene.play(row)).toEqual({ hears, after });
});

test("SC-3 no bans are told by a line of their own", async () => {
  await using scene = await setScene();
  const { hears } = await scene.play(["alice", "LISTBANS", [], "open"]);
  expect(hears).toEqual(["BEGIN_RESPONSE", "No clients are currently banned", "END_RESPONSE"]);
});

test("SC-4 lines may end in CR LF, and blanks around them don't count", async () => {
  await using scene = await setScene();
  const { hears } = await scene.play(["bob", [" \t SEND alice {a pad} \r", "LIST\r"], [], "open"]);
  expect(hears).toEqual(["BEGIN_RESPONSE", "CLIENT alice", "CLIENT bob", "END_RESPONSE"]);
  expect(await scene.alice.message()).toEqual({ from: "bob", to: null, text: "hello" });
});

test("SC-5 a broadcast reaches everybody else, each under a pad of its own, and its sender hears only BROADCAST SENT", async () => {
  await using scene = await setScene();
  const { server, alice, bob } = scene;
  const carol = await server.join("carol");
  const text = "Grüße,\n世界 🔐";
  alice.broadcast(text);
  expect(await alice.line()).toBe("BROADCAST SENT");
  const lines = [await bob.line(), await carol.line()];
  for (const line of lines) expect(line).toMatch(/^BROADCAST from alice: ([0-9a-f]{2}){20}\|([0-9a-f]{2}){20}$/);
  expect(lines[0]).not.toBe(lines[1]);
  alice.broadcast(text);
  expect(await bob.message()).toEqual({ from: "alice", to: "ALL", text });
  expect(await carol.message()).toEqual({ from: "alice", to: "ALL", text });
  expect(await alice.ask("LIST")).toBe("BROADCAST SENT");
});

test("SC-6 the kicked hears why and is closed, and may come back", async () => {
  await using scene = await setScene();
  const { server, alice, bob } = scene;
  expect(await alice.ask("KICK bob")).toBe("SUCCESS Kicked client bob");
  expect(await bob.closed()).toEqual(["KICKED You have been kicked by the operator"]);
  await server.join("bob");
});

test("SC-7 the banned hears why and is closed, and the name stays shut until it is unbanned", async () => {
  await using scene = await setScene();
  const { server, alice, bob } = scene;
  expect(await alice.ask("BAN bob")).toBe("SUCCESS Banned client bob");
  expect(await bob.closed()).toEqual(["BANNED You have been banned by the operator"]);
  for (const name of ["bob", "BOB"]) {
    const again = await server.connect();
    again.say(`REGISTER ${name}`);
    expect(await again.closed()).toEqual(["ERROR You are banned from this server"]);
  }
  expect(await alice.ask("UNBAN Bob")).toBe("SUCCESS Unbanned client Bob");
  await server.join("bob");
});

test("SC-8 who registers while nobody is registered is operator, for as long as the session lasts", async () => {
  await using scene = await setScene();
  const { server, alice, bob } = scene;
  alice.say("EXIT");
  await alice.closed();
  expect(await (await server.connect()).setUp("alice")).toBe("REGISTERED");
  expect(await bob.ask("LISTBANS")).toBe("ERROR Not authorized as operator");
});
