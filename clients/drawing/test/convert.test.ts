import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyStroke, convert, maxPoints, maxStrokePoints } from '../src/index.ts';

const size = { width: 375, height: 640 };
const canvas = { width: 3750, height: 6400 };

test('signature_pad: toData()', () => {
  const data = [
    {
      penColor: 'rgba(102, 102, 102, 0.5)',
      minWidth: 0.5,
      maxWidth: 2.5,
      points: [
        { x: 10.26, y: 20, time: 1_700_000_000_000, pressure: 0.5 },
        { x: 11.5, y: 22.04, time: 1_700_000_000_016, pressure: 1 },
      ],
    },
  ];
  const strokes = data.map(({ points, penColor, maxWidth }) => ({ points, color: penColor, width: maxWidth }));
  assert.deepEqual(convert(strokes, { ...size, title: '签名', background: 'white' }), {
    format: 1,
    title: '签名',
    canvas: { ...canvas, background: '#FFFFFF' },
    strokes: [{ tool: 'pen', color: '#66666680', width: 25, x: [103, 115], y: [200, 220], t: [0, 16], p: [128, 255] }],
  });
});

test('perfect-freehand: points as arrays', () => {
  const input: [number, number, number][] = [
    [0.04, -0.04, 0.2],
    [3.3, 4.4, 0.4],
  ];
  const stroke = { points: input.map(([x, y, pressure]) => ({ x, y, pressure })), color: '#abc', width: 16 };
  assert.deepEqual(convert([stroke], size).strokes, [
    { tool: 'pen', color: '#AABBCC', width: 160, x: [0, 33], y: [0, 44], p: [51, 102] },
  ]);
});

test('Excalidraw: a freedraw element, whose points are relative to it', () => {
  const element = {
    type: 'freedraw',
    x: 100.5,
    y: 50,
    strokeColor: '#1e1e1e',
    strokeWidth: 2,
    points: [
      [0, 0],
      [1.5, -2],
    ],
    pressures: [] as number[],
  };
  const points = element.points.map(([x, y], i) => ({
    x: element.x + x!,
    y: element.y + y!,
    pressure: element.pressures[i],
  }));
  const { strokes } = convert([{ points, color: element.strokeColor, width: element.strokeWidth }], size);
  assert.deepEqual(strokes, [{ tool: 'pen', color: '#1E1E1E', width: 20, x: [1005, 1020], y: [500, 480] }]);
});

test('tldraw: a draw shape with segments', () => {
  const shape = {
    x: 10,
    y: 20,
    props: {
      color: 'black',
      segments: [
        {
          type: 'free',
          points: [
            { x: 0, y: 0, z: 0.5 },
            { x: 1, y: 1, z: 0.5 },
          ],
        },
        { type: 'straight', points: [{ x: 5, y: 5, z: 0.5 }] },
      ],
    },
  };
  const points = shape.props.segments
    .flatMap(s => s.points)
    .map(p => ({ x: shape.x + p.x, y: shape.y + p.y, pressure: p.z }));
  const { strokes } = convert([{ points, color: shape.props.color, width: 3.5 }], size);
  assert.deepEqual(strokes, [
    { tool: 'pen', color: '#000000', width: 35, x: [100, 110, 150], y: [200, 210, 250], p: [128, 128, 128] },
  ]);
});

test('InkML: traces of X, Y and T', () => {
  const ink = '<ink><trace>10 20 5, 11 22 21</trace><trace>30 40 90</trace></ink>';
  const strokes = [...ink.matchAll(/<trace>([^<]*)<\/trace>/g)].map(([, trace]) => ({
    points: trace!.split(',').map(point => {
      const [x, y, time] = point.trim().split(/\s+/).map(Number);
      return { x: x!, y: y!, time };
    }),
  }));
  assert.deepEqual(convert(strokes, { ...size, scale: 1 }), {
    format: 1,
    canvas: size,
    strokes: [
      { tool: 'pen', color: '#000000', width: 1, x: [10, 11], y: [20, 22], t: [0, 16] },
      { tool: 'pen', color: '#000000', width: 1, x: [30], y: [40], t: [85] },
    ],
  });
});

test('what is beyond a limit becomes the limit, and what is no number is left out', () => {
  const points = [
    { x: 1e9, y: -1e9, time: 0 },
    { x: Number.NaN, y: 1, time: 1 },
    { x: -0.01, y: 0, time: 1e12 },
  ];
  const { strokes } = convert([{ points, width: 0, tool: 'eraser' }, { points: [] }], size);
  assert.deepEqual(strokes, [
    { tool: 'eraser', color: '#000000', width: 1, x: [65535, 0], y: [-65535, 0], t: [0, 2_147_483_647] },
  ]);
  assert.ok(!Object.is(strokes[0]!.x[1], -0));
});

test('a long stroke becomes several that meet', () => {
  const long = (n: number): AnyStroke => ({ points: Array.from({ length: n }, (_, x) => ({ x, y: 0 })) });
  const { strokes } = convert([long(maxStrokePoints + 1)], { ...size, scale: 1 });
  assert.deepEqual(
    strokes.map(one => one.x.length),
    [maxStrokePoints, 2],
  );
  assert.equal(strokes[1]!.x[0], strokes[0]!.x.at(-1));
  assert.equal(convert([long(maxStrokePoints)], size).strokes.length, 1);
  assert.throws(() => convert([long(maxPoints)], size), RangeError);
});

test('colors as CSS writes them', () => {
  for (const [css, color] of [
    ['#ABCD', '#AABBCCDD'],
    ['#12345678', '#12345678'],
    ['rgb(1 2 3 / 50%)', '#01020380'],
    ['rgb(100%, 0%, 300)', '#FF00FF'],
    ['rgba(1,2,3,1)', '#010203'],
    [' Red ', '#FF0000'],
  ]) {
    assert.equal(convert([{ points: [{ x: 1, y: 1 }], color: css }], size).strokes[0]!.color, color);
  }
  for (const css of ['tomatoes', 'url(x)', '#12', 'rgb(1,2)', 'rgb(a,b,c)', 'hsl(1,2%,3%)', '']) {
    assert.throws(() => convert([{ points: [{ x: 1, y: 1 }], color: css }], size), RangeError);
  }
});
