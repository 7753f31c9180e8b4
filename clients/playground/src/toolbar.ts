import { colors, type Sketch, widths } from 'onestroke-drawing';
import { attribute, el, icon, iconButton } from './dom';
import { type Pen, storePen } from './pen';
import { language, words } from './words';

/** What the toolbar does besides choosing the pen. */
export interface Actions {
  undo(): void;
  redo(): void;
  clear(): void;
  /** Switches one-stroke drawings on or off. */
  once(on: boolean): void;
}

export interface Toolbar {
  element: HTMLElement;
  /** Enables what is possible with the sketch. */
  show(sketch: Sketch): void;
  /** Handles a key. */
  key(event: KeyboardEvent): void;
}

/** Colours, widths, brush, eraser, undo, redo and clear. It changes `pen`. */
export function createToolbar(pen: Pen, actions: Actions): Toolbar {
  const isOther = () => !colors.some(({ value }) => value === pen.color);
  const other = el('input', {
    type: 'color',
    value: isOther() ? pen.color : '#00A3A3',
    'aria-label': words.otherColor,
    oninput: () => choose({ tool: 'pen', color: other.value.toUpperCase() }),
    onclick: () => choose({ tool: 'pen', color: other.value.toUpperCase() }),
  });
  const otherSwatch = el('label', { class: 'swatch other', title: words.otherColor }, other);
  const swatches = colors.map((color, i) => {
    const button = el('button', {
      type: 'button',
      class: 'swatch',
      'aria-label': color[language],
      title: `${color[language]} (${i + 1})`,
      onclick: () => choose({ tool: 'pen', color: color.value }),
    });
    button.style.setProperty('--color', color.value);
    return button;
  });
  const nibs = widths.map((width, i) => {
    const button = el(
      'button',
      {
        type: 'button',
        class: 'nib',
        'aria-label': words.widths[i],
        title: `${words.widths[i]} ([ ])`,
        onclick: () => choose({ width: i }),
      },
      el('span'),
    );
    button.style.setProperty('--nib', `${4 + width / 12}px`);
    return button;
  });
  const eraser = iconButton(
    'eraser',
    words.eraser,
    () => choose({ tool: pen.tool === 'eraser' ? 'pen' : 'eraser' }),
    'E',
  );
  const brush = iconButton('brush', words.brush, () => choose({ tool: 'pen', brush: !pen.brush }), 'B');
  const undo = iconButton('undo', words.undo, actions.undo, 'Control+Z');
  const redo = iconButton('redo', words.redo, actions.redo, 'Control+Y');
  const clear = iconButton('clear', words.clear, actions.clear, 'Delete');
  const once: HTMLButtonElement = el(
    'button',
    {
      type: 'button',
      class: 'icon-button once',
      'aria-label': words.oneStroke,
      title: `${words.oneStroke} (O)`,
      'aria-keyshortcuts': 'O',
      onclick: () => choose({ once: once.getAttribute('aria-pressed') !== 'true' }),
    },
    icon('once'),
    el('span', {}, words.oneStrokeShort),
  );

  const element = el(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': words.draw },
    el('div', { class: 'group', role: 'group', 'aria-label': words.color }, ...swatches, otherSwatch),
    el(
      'div',
      { class: 'tools' },
      el('div', { class: 'group', role: 'group', 'aria-label': words.width }, ...nibs),
      el('div', { class: 'group' }, brush, eraser, once),
      el('div', { class: 'group' }, undo, redo, clear),
    ),
  );
  undo.disabled = redo.disabled = clear.disabled = true; // there is no sketch yet
  update();

  const keys: { [key: string]: () => void } = {
    b: () => brush.click(),
    e: () => eraser.click(),
    o: () => once.click(),
    '[': () => choose({ width: Math.max(0, pen.width - 1) }),
    ']': () => choose({ width: Math.min(widths.length - 1, pen.width + 1) }),
    delete: () => clear.disabled || actions.clear(),
  };
  colors.forEach(({ value }, i) => (keys[i + 1] = () => choose({ tool: 'pen', color: value })));

  return {
    element,
    show(sketch) {
      undo.disabled = !sketch.canUndo;
      redo.disabled = !sketch.canRedo;
      clear.disabled = !sketch.content.strokes.length;
      attribute(once, 'aria-pressed', String(!!sketch.content.oneStroke));
    },
    key(event) {
      const name = event.key.toLowerCase();
      if (event.ctrlKey || event.metaKey) {
        if (name !== 'z' && name !== 'y') return;
        event.preventDefault();
        if (name === 'y' || event.shiftKey) actions.redo();
        else actions.undo();
      } else keys[name]?.();
    },
  };

  function choose(change: Partial<Pen>): void {
    Object.assign(pen, change);
    storePen(pen);
    update();
    if (change.once !== undefined) actions.once(change.once);
  }

  function update(): void {
    const drawing = pen.tool === 'pen';
    swatches.forEach((swatch, i) =>
      attribute(swatch, 'aria-pressed', String(drawing && pen.color === colors[i]!.value)),
    );
    attribute(otherSwatch, 'data-chosen', drawing && isOther());
    otherSwatch.style.setProperty('--color', other.value);
    nibs.forEach((nib, i) => attribute(nib, 'aria-pressed', String(pen.width === i)));
    attribute(brush, 'aria-pressed', String(drawing && pen.brush));
    attribute(eraser, 'aria-pressed', String(!drawing));
    element.style.setProperty('--pen', drawing ? pen.color : 'currentColor');
  }
}
