/**
 * A change of any schema changes the hash that version.test.ts holds; then `PROTOCOL` rises. A face and an agent of two protocols
 * don't speak; they understand each other's first line and `stop`, which never change.
 */
export const PROTOCOL = 1;

/** Bytes of one line: of a face, a message and what JSON makes of it; of the agent, a page of messages. */
export const LONGEST_FROM_FACE = 1024 * 1024;
export const LONGEST_FROM_AGENT = 4 * 1024 * 1024;
/** Bytes of JSON that a page of messages may come to; fewer messages are given instead. */
export const LONGEST_PAGE = 1024 * 1024;
/** Bytes that may wait for the other side to read them; who reads nothing is dropped. */
export const MOST_UNREAD = 16 * 1024 * 1024;
