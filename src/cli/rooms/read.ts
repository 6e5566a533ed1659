import { readRoom } from "../sealed/target.ts";

/** What is asked of the rooms. `title` has its `#`, `name` has not. */
export type RoomAction =
  | { readonly kind: "list" }
  | { readonly kind: "create"; readonly title: string; readonly name: string; readonly access: "open" | "invite" }
  | { readonly kind: "join" | "leave" | "members"; readonly title: string; readonly name: string }
  | { readonly kind: "invite"; readonly title: string; readonly name: string; readonly person: string };

type Wrong = { readonly kind: "wrong"; readonly why: string };

/** `[action] [#room] [name]`, as they stand on the command line. */
export function readRoomAction(words: readonly string[], inviteOnly: boolean): RoomAction | Wrong {
  const [action = "list", word, person, ...more] = words;
  if (inviteOnly && action !== "create") return wrong("--invite-only is for create alone");
  if (action === "list") return word === undefined ? { kind: "list" } : wrong("list takes no room");
  if (!isAction(action)) return wrong(`${JSON.stringify(action)} is none of list, ${ACTIONS.join(", ")}`);
  // A shell takes an unquoted # for the beginning of a remark.
  if (word === undefined) return wrong(`which room? pad rooms ${action} '#ops' (with the quotes)`);
  const room = readRoom(word);
  if (room.kind === "wrong") return wrong(room.why);
  const { title, name } = room;
  if (action === "invite") {
    if (person === undefined) return wrong(`whom? pad rooms invite '${title}' NAME`);
    return more.length === 0 ? { kind: action, title, name, person } : wrong("one at a time can be invited");
  }
  if (person !== undefined) return wrong(`${action} takes a room and nothing else`);
  if (action === "create") return { kind: action, title, name, access: inviteOnly ? "invite" : "open" };
  return { kind: action, title, name };
}

const ACTIONS = ["create", "invite", "join", "leave", "members"] as const;

function isAction(word: string): word is (typeof ACTIONS)[number] {
  return ACTIONS.some((action) => action === word);
}

function wrong(why: string): Wrong {
  return { kind: "wrong", why: `${why}\nTry: pad rooms --help` };
}
