type Tag = keyof HTMLElementTagNameMap;
type Handlers = { [Name in keyof HTMLElementEventMap as `on${Name}`]?: (event: HTMLElementEventMap[Name]) => void };
type Attributes = { [name: string]: unknown };
export type Child = Node | string | false | null | undefined;

/**
 * An element with attributes, listeners (`onclick`) and children. An attribute that is false or undefined is not
 * there.
 */
export function el<K extends Tag>(
  tag: K,
  attributes: Handlers & Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else attribute(element, name, value);
  }
  element.append(...children.filter((child): child is Node | string => !!child || child === ''));
  return element;
}

export function attribute(element: Element, name: string, value: unknown): void {
  if (value === false || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** Line drawings, 24 units square. */
const icons = {
  back: 'M15 5l-7 7 7 7',
  plus: 'M12 5v14M5 12h14',
  undo: 'M8 5L4 9l4 4M4.500 9H14a5.500 5.500 0 0 1 0 11h-4',
  redo: 'M16 5l4 4-4 4M19.500 9H10a5.500 5.500 0 0 0 0 11h4',
  clear: 'M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13M10.500 11v5.500M13.500 11v5.500',
  eraser:
    'M9 20H5.500L3.500 18a1.500 1.500 0 0 1 0-2.100L14 5.300a1.500 1.500 0 0 1 2.100 0l4.200 4.200a1.500 1.500 0 0 1 0 2.100L12 20H9zM9 20h11M8.500 11l6 6',
  brush:
    'M4 20c3.500 0 6-1 6.500-3.500.300-1.700-1-3-2.700-2.700C5.500 14.500 6 18 4 20zM10 13.500L18.500 4.500l1.500 1.500L11.500 15',
  video: 'M4 7h11v10H4zM15 11l5-3v8l-5-3',
  once: 'M3 15c3-8 6.500-10.500 8.500-9.500 3 1.700-3.700 11-.6 12.400 2.600 1.100 4.100-6.700 6.900-6 1.900.5.3 4.500 3.700 3.800',
  play: 'M8 5.500v13l10.500-6.500z',
  pause: 'M8.500 5.500v13M15.500 5.500v13',
  share: 'M12 15V4M8 7.500L12 3.500l4 4M6 11.500v8h12v-8',
  download: 'M12 4v11M8 11.500l4 4 4-4M5 19.500h14',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  rename: 'M5 19l1-4L16.500 4.500l3 3L9 18zM14 7l3 3',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  cloud: 'M7 18.500h10a4 4 0 0 0 .5-8 5.500 5.500 0 0 0-10.600-1A4.500 4.500 0 0 0 7 18.500z',
  tick: 'M5 12.500l4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6L6 18',
  report: 'M6 20.500V4M6 4.500c4-2.500 7 2 12 0v9c-5 2-8-2.500-12 0',
  warn: 'M12 8.500v4.500M12 16.500h.01M12 3.500l9 16H3z',
};
export type IconName = keyof typeof icons;

export function icon(name: IconName): SVGSVGElement {
  return drawn('0 0 24 24', icons[name], 'icon');
}

/** A picture of one line, hidden from screen readers. */
export function drawn(viewBox: string, path: string, name: string): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', viewBox);
  svg.setAttribute('class', name);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(namespace, 'path');
  line.setAttribute('d', path);
  line.setAttribute('pathLength', '1');
  svg.append(line);
  return svg;
}

/** A button with an icon. Its label is its accessible name and, with its key, its tooltip. */
export function iconButton(name: IconName, label: string, onclick: () => void, key?: string): HTMLButtonElement {
  return el(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': label,
      title: key ? `${label} (${key})` : label,
      'aria-keyshortcuts': key,
      onclick,
    },
    icon(name),
  );
}

/** A cat in one stroke, on 300 units square. */
export const cat =
  'M248 183C250 188 261 205 259 215C257 225 249 238 238 244C227 250 210 250 193 252C176 254 156 253 138 253C120 253 97 256 88 251C79 246 82 231 85 220C88 209 105 195 104 186C103 177 84 174 78 164C72 154 69 140 68 128C67 116 69 102 70 90C71 78 69 57 73 54C77 51 87 66 93 72C99 78 105 88 111 90C117 92 124 87 130 87C136 87 143 92 149 90C155 88 161 78 167 72C173 66 183 51 187 54C191 57 189 78 190 90C191 102 193 116 192 128C191 140 188 154 182 164C176 174 156 177 156 186C156 195 174 205 179 216C184 227 185 244 186 250';

/** A stroke that invites another, on 300 units square. */
export const flourish =
  'M40 190C75 95 125 50 150 68C192 98 95 205 140 224C178 240 198 120 240 132C268 140 240 195 282 186';
