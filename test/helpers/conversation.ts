import type { ClassicPeer } from "./classic-peer.ts";

/** Two who talk to each other without a pause, in broadcasts one way and direct messages the other. */
export interface Conversation {
  /** Ends it, with the number of exchanges; rejects when a message was lost, doubled or out of its order. */
  stop(): Promise<number>;
}

/** Others may talk to them too; what they say is overheard. */
export function converse(alice: ClassicPeer, bob: ClassicPeer): Conversation {
  let going = true;
  const talk = exchange(alice, bob, () => going);
  // Told by `stop`, and not before.
  talk.catch(() => {});
  return {
    stop() {
      going = false;
      return talk;
    },
  };
}

/** The ids that LIST tells. Rejects when the peer hears anything else meanwhile than others' messages. */
export async function namesOf(peer: ClassicPeer): Promise<string[]> {
  peer.say("LIST");
  const lines = (await peer.until("END_RESPONSE")).filter((line) => !isMessage(line));
  if (lines[0] !== "BEGIN_RESPONSE") throw new Error(`no list: ${lines.join(", ")}`);
  return lines.slice(1, -1).map((line) => line.replace(/^CLIENT /, ""));
}

async function exchange(alice: ClassicPeer, bob: ClassicPeer, goesOn: () => boolean): Promise<number> {
  let count = 0;
  for (; goesOn(); count++) {
    alice.broadcast(`question ${count}`);
    await hears(bob, "alice", `question ${count}`);
    bob.direct("alice", `answer ${count}`);
    await hears(alice, "bob", `answer ${count}`);
  }
  return count;
}

async function hears(peer: ClassicPeer, from: string, expected: string): Promise<void> {
  for (;;) {
    const line = await peer.line();
    if (line === "BROADCAST SENT") continue;
    const message = peer.read(line);
    if (message.from !== from) continue;
    if (message.text !== expected) throw new Error(`${from} said ${expected}, and ${message.text} was heard`);
    return;
  }
}

function isMessage(line: string): boolean {
  return line.startsWith("BROADCAST from ") || line.startsWith("MESSAGE from ");
}
