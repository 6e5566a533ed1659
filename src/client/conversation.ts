declare const brand: unique symbol;

/**
 * Which conversation something belongs to. Opaque: compared by `===` and used as a key, never taken apart. It says what kind
 * of conversation it is, so the classic and the sealed one with the same person are two.
 */
export type ConversationId = string & ConversationBrand;

/** For the compiler only; exported so that it can write down what is made of ids. */
export interface ConversationBrand {
  readonly [brand]: "conversation";
}

/** A conversation as its people see it. `title` is what they call it; it comes from others and may hold anything. */
export type Conversation =
  /** All who are connected now; the server reads along. */
  | { readonly id: ConversationId; readonly kind: "open-room"; readonly title: string }
  /** One person of the classic protocol; the server reads along. `title` is their name as it was last written. */
  | { readonly id: ConversationId; readonly kind: "classic-direct"; readonly title: string }
  /** One person, on their devices. `readers` are the names of those who can read what is written now. */
  | {
      readonly id: ConversationId;
      readonly kind: "sealed-direct";
      readonly title: string;
      readonly readers: readonly string[];
    }
  /** A room of devices. `open`: whoever the server lets in can join, and then read. */
  | {
      readonly id: ConversationId;
      readonly kind: "sealed-room";
      readonly title: string;
      readonly open: boolean;
      readonly readers: readonly string[];
    };

/** What the open room is called, in text and on the classic wire. */
export const OPEN_ROOM_NAME = "ALL";

/** The open room; each server has one. */
export const OPEN_ROOM: Conversation = { id: idOf("open-room", ""), kind: "open-room", title: OPEN_ROOM_NAME };

/** The classic conversation with a person; names are the same without regard to case. */
export function classicDirect(name: string): Conversation {
  return { id: idOf("classic-direct", name.toLowerCase()), kind: "classic-direct", title: name };
}

/** What tells a conversation apart from others of its kind; null: it is of another kind. For who made the id. */
export function keyOf(id: ConversationId, kind: Conversation["kind"]): string | null {
  return id.startsWith(`${kind}:`) ? id.slice(kind.length + 1) : null;
}

/**
 * The id of a conversation of a kind. `key` tells those of one kind apart: a name in lower case, a person, a group.
 */
export function idOf(kind: Conversation["kind"], key: string): ConversationId {
  // The one place where an id is made: the brand exists for the compiler only.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return `${kind}:${key}` as ConversationId;
}
