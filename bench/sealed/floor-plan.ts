import { encodePush, encodeReply } from "../../src/wire/frames/server-frames.ts";

/** How long the frames are that the floor sends. */
export interface FramesPlan {
  readonly entryLength: number;
  readonly answerLength: number;
}

/** As long as the server's, for a message of so many sealed bytes. */
export function planFor(sealed: number): FramesPlan {
  const [id, key] = ["A".repeat(22), "A".repeat(43)];
  const numbers = { number: 1_000, at: 1_800_000_000_000, epoch: 1, counter: 1_000 };
  const entry = {
    kind: "message",
    ...numbers,
    device: id,
    hash: key,
    message: id,
    bytes: new Uint8Array(sealed),
  } as const;
  return {
    entryLength: encodePush({ type: "entry", group: id, entry }).length,
    answerLength: encodeReply(2_000, { number: numbers.number, at: numbers.at }).length,
  };
}
