import { readRoom } from "../sealed/target.ts";

/** What is asked of the rooms. `title` has its `#`, `name` has not. */
export type RoomDeed =
  | { readonly kind: "list" }
  | { readonly kind: "create"; readonly title: string; readonly name: string; readonly access: "open" | "invite" }
  | { readonly kind: "join" | "leave" | "members"; readonly title: string; readonly name: string }
  | { readonly kind: "invite"; readonly title: string; readonly name: string; readonly person: string };

type Wrong = { readonly kind: "wrong"; readonly why: string };

/** `[deed] [#room] [name]`, as they stand on the command line. */
export function readRoomDeed(words: readonly string[], inviteOnly: boolean): RoomDeed | Wrong {
  const [deed = "list", word, person, ...more] = words;
  if (inviteOnly && deed !== "create") return wrong("--invite-only is for create alone");
  if (deed === "list") return word === undefined ? { kind: "list" } : wrong("list takes no room");
  if (!isDeed(deed)) return wrong(`${JSON.stringify(deed)} is none of list, ${DEEDS.join(", ")}`);
  // A shell takes an unquoted # for the beginning of a remark.
  if (word === undefined) return wrong(`which room? pad rooms ${deed} '#ops' (with the quotes)`);
  const room = readRoom(word);
  if (room.kind === "wrong") return wrong(room.why);
  const { title, name } = room;
  if (deed === "invite") {
    if (person === undefined) return wrong(`whom? pad rooms invite '${title}' NAME`);
    return more.length === 0 ? { kind: deed, title, name, person } : wrong("one at a time can be invited");
  }
  if (person !== undefined) return wrong(`${deed} takes a room and nothing else`);
  if (deed === "create") return { kind: deed, title, name, access: inviteOnly ? "invite" : "open" };
  return { kind: deed, title, name };
}

const DEEDS = ["create", "invite", "join", "leave", "members"] as const;

function isDeed(word: string): word is (typeof DEEDS)[number] {
  return DEEDS.some((deed) => deed === word);
}

function wrong(why: string): Wrong {
  return { kind: "wrong", why: `${why}\nTry: pad rooms --help` };
}
