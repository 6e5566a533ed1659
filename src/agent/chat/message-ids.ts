import type { MessageRef } from "../content/content.ts";
import { toBytes, toText } from "../delivery/base64url.ts";

/** 16 bytes in base64url. */
const ID = /^[A-Za-z0-9_-]{22}$/;

/** What faces call a message, the same on every device: its random id, a `.`, and the id of the device that wrote it. */
export function idOfMessage({ device, messageId }: MessageRef): string {
  return idBy(toText(messageId), toText(device));
}

/** The same of ids in base64url. A device that doesn't know itself yet (no id) has written nothing that lasts. */
export function idBy(messageId: string, device: string): string {
  return device === "" ? messageId : `${messageId}.${device}`;
}

/** The message that a face calls so, without a device one of this device's; null: it can be none. */
export function messageOfId(id: string, ownDevice: string): MessageRef | null {
  const [messageId = "", device = ownDevice, ...more] = id.split(".");
  if (!ID.test(messageId) || !ID.test(device) || more.length > 0) return null;
  return { messageId: toBytes(messageId), device: toBytes(device) };
}
