import stringWidth from "string-width";

const CELL = 8.43;
const ROW = 18;
const MARGIN = 14;
const TITLE = 28;
const GAP = 20;
const INK = "#d6dbe5";
const PAPER = "#1b1e25";
/** The 16 colours, by SGR's numbers 30 to 37 and 90 to 97. */
const COLOURS = ["#3a3f4b", "#e0605a", "#8fd08f", "#e0b150", "#7aa7e8", "#c58fe0", "#6cc5c9", "#c8cdd8"];
const BRIGHT = ["#8b93a3", "#ff8a84", "#a8e6a8", "#ffd280", "#9cc2ff", "#dcb0f5", "#8fe0e4", "#ffffff"];

const ESCAPE = "\u001b";
const LINK = new RegExp(`${ESCAPE}\\]8;.*?(\u0007|${ESCAPE}\\\\)`, "g");
const STYLE = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`);

interface Run {
  readonly text: string;
  readonly column: number;
  readonly codes: ReadonlySet<number>;
}

/** A terminal's window: its title, and its rows as `tmux capture-pane -e -p` gives them. */
export interface Window {
  readonly title: string;
  readonly text: string;
}

/** Windows of terminals as one SVG, one below the other. */
export function draw(windows: readonly Window[]): string {
  return picture(windows.map(({ title, text }) => ({ title, rows: rowsOf(text.trimEnd().split("\n")) })));
}

interface Drawn {
  readonly title: string;
  readonly rows: readonly (readonly Run[])[];
}

/** Styles go on from line to line, as in the terminal. */
function rowsOf(lines: readonly string[]): readonly (readonly Run[])[] {
  let codes: ReadonlySet<number> = new Set();
  return lines.map((line) => {
    const runs: Run[] = [];
    let column = 0;
    for (const piece of line.replaceAll(LINK, "").split(STYLE)) {
      if (STYLE.test(piece)) {
        codes = piece.slice(2, -1).split(";").map(Number).reduce(after, codes);
      } else if (piece !== "") {
        runs.push({ text: piece, column, codes });
        column += stringWidth(piece);
      }
    }
    return runs;
  });
}

/** The styles after one more SGR code: a colour takes the place of another, 0 and 2x end. */
function after(codes: ReadonlySet<number>, code: number): ReadonlySet<number> {
  if (code === 0) return new Set();
  if (code === 39) return new Set([...codes].filter((other) => !isColour(other)));
  if (code === 22) return new Set([...codes].filter((other) => other !== 1 && other !== 2));
  if (code > 22 && code < 30) return new Set([...codes].filter((other) => other !== code - 20));
  return new Set([...codes].filter((other) => !isColour(code) || !isColour(other))).add(code);
}

function isColour(code: number): boolean {
  return (code >= 30 && code <= 37) || (code >= 90 && code <= 97);
}

function picture(windows: readonly Drawn[]): string {
  const columns = Math.max(...windows.flatMap(({ rows }) => rows.map(widthOf)));
  const width = round(columns * CELL + 2 * MARGIN);
  let top = 0;
  const groups = windows.map((window) => {
    const height = TITLE + MARGIN + window.rows.length * ROW;
    const group = `<g transform="translate(0 ${top})">${frame(window.title, width, height)}${window.rows.map(rowText).join("")}</g>`;
    top += height + GAP;
    return group;
  });
  const height = top - GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">${groups.join("")}</svg>`;
}

function widthOf(row: readonly Run[]): number {
  return row.reduce((end, { column, text }) => Math.max(end, column + stringWidth(text)), 0);
}

function frame(title: string, width: number, height: number): string {
  const dots = ["#e0605a", "#e0b150", "#5fb35f"].map(
    (fill, nth) => `<circle cx="${16 + 17 * nth}" cy="14" r="5" fill="${fill}"/>`,
  );
  return [
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}" stroke="#3a3f4b"/>`,
    `<rect width="${width}" height="${TITLE}" rx="8" fill="#2a2e38"/>`,
    ...dots,
    `<text x="${width / 2}" y="18.5" text-anchor="middle" fill="#9aa2b1" font-size="12">${escaped(title)}</text>`,
  ].join("");
}

function rowText(row: readonly Run[], nth: number): string {
  return row.map((run) => runText(run, TITLE + ROW * (nth + 1))).join("");
}

function runText({ text, column, codes }: Run, y: number): string {
  const x = round(MARGIN + column * CELL);
  const length = round(stringWidth(text) * CELL);
  const ink = inkOf(codes);
  const behind = codes.has(7) ? `<rect x="${x}" y="${y - 14}" width="${length}" height="${ROW}" fill="${ink}"/>` : "";
  if (text.trim() === "") return behind;
  const style = [
    codes.has(1) ? ' font-weight="bold"' : "",
    codes.has(2) ? ' opacity="0.6"' : "",
    codes.has(4) ? ' text-decoration="underline"' : "",
  ].join("");
  const fill = codes.has(7) ? PAPER : ink;
  return `${behind}<text x="${x}" y="${y}" fill="${fill}"${style} xml:space="preserve" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
}

function inkOf(codes: ReadonlySet<number>): string {
  const colour = [...codes].find(isColour);
  if (colour === undefined) return INK;
  return (colour >= 90 ? BRIGHT[colour - 90] : COLOURS[colour - 30]) ?? INK;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function round(length: number): number {
  return Math.round(length * 100) / 100;
}
