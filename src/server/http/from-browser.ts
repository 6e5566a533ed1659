import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a request comes from a web page, or can't be told from one that does. A member's browser would speak, or listen, as that
 * member for whatever page it has loaded: a form or a `fetch` from anywhere reaches us, whose only credential is where a
 * connection comes from. Browsers say so in a header that a page can't set or unset (Fetch Standard, forbidden request-headers):
 * `Origin` with every POST, `Sec-Fetch-…` where they take us for trustworthy, `Referer` unless told not to; and all of them begin
 * their `User-Agent` with `Mozilla/`. `curl`, `wget` and scripts send none of this, unless they are told to.
 */
export function isFromBrowser(headers: IncomingHttpHeaders): boolean {
  return (
    headers.origin !== undefined ||
    headers.referer !== undefined ||
    headers.cookie !== undefined ||
    Object.keys(headers).some((name) => name.startsWith("sec-fetch-")) ||
    /^\s*mozilla\//i.test(headers["user-agent"] ?? "")
  );
}
