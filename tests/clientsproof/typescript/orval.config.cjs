module.exports = {
  onestroke: {
    input: process.env.ONESTROKE_CONTRACT,
    output: {
      target: 'generated/orval/client.ts',
      client: 'fetch',
      override: { mutator: { path: 'orval-send.ts', name: 'send' } },
    },
  },
};
