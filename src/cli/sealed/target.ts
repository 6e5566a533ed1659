import { isSameName, OPEN_ROOM_NAME } from "../../client/index.ts";

/** What people mean by a word: everybody who is here now, a sealed room, or a person. */
export type Target =
  | { readonly kind: "all" }
  /** `title` has its `#`, `name` has not. */
  | { readonly kind: "room"; readonly title: string; readonly name: string }
  | { readonly kind: "person"; readonly name: string }
  | { readonly kind: "wrong"; readonly why: string };

/** What a room can be called, as servers have it. */
const ROOM_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/** `ALL` in any case, `#room`, or somebody's name. Whether a name can be anybody's is for the server to say. */
export function readTarget(word: string): Target {
  if (isSameName(word, OPEN_ROOM_NAME)) return { kind: "all" };
  return word.startsWith("#") ? readRoom(word) : { kind: "person", name: word };
}

/** A room's name, with or without its `#`. */
export function readRoom(word: string): Extract<Target, { kind: "room" | "wrong" }> {
  const name = word.startsWith("#") ? word.slice(1) : word;
  return ROOM_NAME.test(name)
    ? { kind: "room", title: `#${name}`, name }
    : {
        kind: "wrong",
        why: `${JSON.stringify(word)} can't be a room's name, which is # and 1 to 32 of A-Z a-z 0-9 . _ -`,
      };
}

/** The room that every device comes into whose person shows it, or writes there. */
export function isEveryone(target: Target): boolean {
  return target.kind === "room" && isSameName(target.name, "everyone");
}
