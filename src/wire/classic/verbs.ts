/** The first words of a client's lines, each spelled here and nowhere else. */
export const VERBS = {
  register: "REGISTER",
  send: "SEND",
  list: "LIST",
  info: "INFO",
  help: "SERVERHELP",
  "server-info": "SERVERINFO",
  kick: "KICK",
  ban: "BAN",
  unban: "UNBAN",
  "list-bans": "LISTBANS",
  exit: "EXIT",
} as const;

/** Verbs that are about one client. */
export type TargetVerb = (typeof VERBS)["kick" | "ban" | "unban"];

/** Verbs with a shape that a line can miss. */
export type ShapedVerb = TargetVerb | (typeof VERBS)["register" | "send"];
