// Rules for openapi.yaml beyond those of Redocly. `make check` runs them through
// redocly.yaml; contract-rules.test.mjs tests them.

export default function plugin() {
  return {
    id: 'contract',
    rules: {
      oas3: {
        bounded,
        'both-languages': bothLanguages,
        'error-codes': errorCodes,
        examples,
        'named-schemas': namedSchemas,
        'entity-tags': entityTags,
        'response-headers': responseHeaders,
        growth,
        used,
      },
    },
  };
}

/** Every string, array and number has limits, and every number a format. */
function bounded() {
  const wanted = {
    string: (s) => (s.maxLength ?? s.pattern ?? s.enum) !== undefined || 'needs maxLength, pattern or enum',
    array: (s) => s.maxItems !== undefined || 'needs maxItems',
    integer: (s) => (s.enum !== undefined && s.format !== undefined) || [s.minimum, s.maximum, s.format].every((v) => v !== undefined) || 'needs minimum, maximum and format, or enum and format',
    number: (s) => [s.minimum, s.maximum, s.format].every((v) => v !== undefined) || 'needs minimum, maximum and format',
  };
  return {
    Schema(schema, { report, location }) {
      const verdict = wanted[schema.type]?.(schema) ?? true;
      if (verdict !== true) report({ message: `A schema of type ${schema.type} ${verdict}.`, location });
    },
  };
}

/** What /docs shows is in both languages: a description also in x-description-zh, and a summary of an operation in x-summary-zh. */
function bothLanguages() {
  const check = (node, { report, location }) => {
    for (const text of ['description', 'summary']) {
      const chinese = `x-${text}-zh`;
      if (node[text] !== undefined && !/\p{Script=Han}/u.test(node[chinese] ?? '')) report({ message: `The ${text} needs ${chinese}.`, location });
    }
  };
  return { Info: check, Tag: check, Operation: check, Parameter: check, Response: check, Header: check, SecurityScheme: check };
}

/**
 * `x-error-codes` of a response lists the error codes it can have: on every 4xx, 5xx and default, and on a 200 of 2017 that can be a
 * failure. Each is one of ErrorCode, is named in the description and has an example, and no example has another code. Each
 * ErrorCode is listed by a response.
 */
function errorCodes() {
  let known = [];
  const used = new Set();
  const seen = new Set();
  return {
    Responses(responses, ctx) {
      known = ctx.resolve({ $ref: '#/components/schemas/ErrorCode' }).node?.['x-extensible-enum'] ?? [];
      for (const { status, response, location } of each(responses, ctx)) {
        const failure = /^([45]|default)/.test(status);
        const codes = response['x-error-codes'];
        codes?.forEach((code) => used.add(code));
        if (seen.has(response)) continue;
        seen.add(response);

        const report = (message) => ctx.report({ message, location });
        if (failure && !codes?.length) report(`Response ${status} needs x-error-codes.`);
        const shown = exampleCodes(response, ctx);
        for (const code of codes ?? []) {
          if (!known.includes(code)) report(`${code} is not an ErrorCode.`);
          for (const text of ['description', 'x-description-zh']) {
            if (failure && !response[text]?.includes(`\`${code}\``)) report(`The ${text} does not name ${code}.`);
          }
          if (!shown.includes(code)) report(`${code} has no example.`);
        }
        for (const code of shown) {
          if (!codes?.includes(code)) report(`An example has ${code}, which x-error-codes does not list.`);
        }
      }
    },
    Root: {
      leave(root, { report, location }) {
        for (const code of known) {
          if (!used.has(code)) {
            report({ message: `No response can have ${code}.`, location: location.child(['components', 'schemas', 'ErrorCode']) });
          }
        }
      },
    },
  };
}

/** The error codes in a response's examples, in the form of /v1 and in the two of 2017. */
function exampleCodes(response, ctx) {
  return Object.values(response.content ?? {})
    .flatMap((media) => exampleValues(media, ctx))
    .flatMap((value) => [value?.code, value?.reason, value?.error?.reason])
    .filter((code, i, all) => /^ERR_/.test(code) && all.indexOf(code) === i);
}

function exampleValues(media, ctx) {
  if (media.example !== undefined) return [media.example];
  return Object.values(media.examples ?? {}).map((example) => resolved(example, ctx).value);
}

/** Every body has an example, and each named example of a request has a response example with the same name. */
function examples() {
  return {
    MediaType(media, { report, location }) {
      if (media.example === undefined && !Object.keys(media.examples ?? {}).length) {
        report({ message: 'A body needs an example.', location });
      }
    },
    Operation(operation, ctx) {
      const answered = each(operation.responses, ctx).flatMap(({ response }) => exampleNames(response));
      const body = resolved(operation.requestBody ?? {}, ctx);
      for (const name of exampleNames(body)) {
        if (!answered.includes(name)) {
          ctx.report({ message: `Request example ${name} has no response example of its name.`, location: ctx.location.child('requestBody') });
        }
      }
    },
  };
}

function exampleNames(body) {
  return Object.values(body.content ?? {}).flatMap((media) => Object.keys(media.examples ?? {}));
}

/** A schema is written once: an object has a name, and a schema with a name is used by reference. */
function namedSchemas() {
  let names = new Map();
  const isNamed = (location) => /^#\/components\/schemas\/[^/]+$/.test(location.pointer);
  return {
    Root(root) {
      names = new Map(Object.entries(root.components?.schemas ?? {}).map(([name, schema]) => [essence(schema), name]));
    },
    Schema(schema, { report, location }) {
      if (isNamed(location)) return;
      if (schema.properties) report({ message: 'An object needs a name, under components.', location });
      const name = says(schema) && names.get(essence(schema));
      if (name) report({ message: `This schema has a name: ${name}.`, location });
    },
  };
}

/** Whether a schema is more than a type with a limit, which can be the same in two places by chance. */
function says(schema) {
  return schema.pattern !== undefined || schema.enum !== undefined || schema.type === 'array' || schema.minimum < 0;
}

/** A schema without its texts. */
function essence({ description, example, ...schema }) {
  return JSON.stringify(Object.entries(schema).sort(([a], [b]) => a.localeCompare(b)));
}

/** An operation that accepts an entity tag also answers one. */
function entityTags() {
  return {
    Operation(operation, ctx) {
      const conditional = operation.parameters?.some((p) => /^If-(None-)?Match$/i.test(resolved(p, ctx).name));
      if (!conditional) return;
      for (const { status, response, location } of each(operation.responses, ctx)) {
        if (/^(200|201|304)$/.test(status) && !response.headers?.ETag) {
          ctx.report({ message: `Response ${status} needs the header ETag.`, location });
        }
      }
    },
  };
}

/**
 * The headers that every response with a status has, and the rate limit headers of operations that have a rate limit: on all but 406
 * and 431, which are answered before the request is counted. Every operation has a default for other errors, with Allow for 405.
 */
function responseHeaders() {
  const ofStatus = { 401: ['WWW-Authenticate'], default: ['Allow'], 429: ['Retry-After'], 503: ['Retry-After'] };
  return {
    Responses(responses, ctx) {
      if (!responses.default) ctx.report({ message: 'An operation needs a default response.', location: ctx.location });
      for (const { status, response, location } of each(responses, ctx)) {
        const counted = responses['429'] && !/^(406|431|default)$/.test(status);
        const needed = ['X-Request-Id', ...(ofStatus[status] ?? []), ...(counted ? ['RateLimit', 'RateLimit-Policy'] : [])];
        for (const header of needed) {
          if (!response.headers?.[header]) ctx.report({ message: `Response ${status} needs the header ${header}.`, location });
        }
      }
    },
  };
}

/**
 * Answers can grow, requests cannot: an object in an answer is open, so that old clients read answers with new members, and the values
 * of a string in an answer are no closed list. An object in a request is closed, so that a misspelt member is found. One in both has
 * x-closed-in-requests. The operations of 2017, which are deprecated, do not change.
 */
function growth() {
  return {
    Root(root, { report, location }) {
      const operations = Object.values(root.paths)
        .flatMap((item) => Object.values(item))
        .filter((operation) => !operation.deprecated);
      const answered = namesWithin(operations.map((operation) => operation.responses), root);
      const requested = namesWithin(operations.map((operation) => operation.requestBody ?? {}), root, (node) => node.readOnly);
      for (const [name, schema] of Object.entries(root.components.schemas)) {
        const say = (message) => report({ message: `${name} ${message}.`, location: location.child(['components', 'schemas', name]) });
        if (answered.has(name) && schema.properties && schema.additionalProperties === false) say('is in answers: it must be open');
        if (answered.has(name) && !requested.has(name) && ownEnums(schema).some((values) => values.length > 1)) {
          say('is in answers: its values must be an x-extensible-enum');
        }
        const closed = schema.additionalProperties === false || schema['x-closed-in-requests'] === true;
        if (requested.has(name) && schema.properties && !closed) say('is in requests: it must be closed');
      }
    },
  };
}

/** Something refers to each component, in an extension or elsewhere. */
function used() {
  return {
    Root(root, { report, location }) {
      const text = JSON.stringify(root);
      const all = Object.entries(root.components ?? {}).filter(([kind]) => kind !== 'securitySchemes');
      for (const [kind, components] of all) {
        for (const name of Object.keys(components)) {
          if (text.includes(`"#/components/${kind}/${name}"`)) continue;
          report({ message: 'Nothing refers to this component.', location: location.child(['components', kind, name]) });
        }
      }
    },
  };
}

/** The names of the schemas that nodes refer to, directly or through others, without those that are skipped. */
function namesWithin(nodes, root, skip = () => false, names = new Set(), followed = new Set()) {
  for (const node of nodes) {
    if (typeof node !== 'object' || node === null || skip(node)) continue;
    const ref = node.$ref;
    if (typeof ref !== 'string') namesWithin(Object.values(node), root, skip, names, followed);
    else if (!followed.has(ref)) {
      followed.add(ref);
      const [, , kind, name] = ref.split('/');
      if (kind === 'schemas') names.add(name);
      if (kind !== 'examples') namesWithin([root.components[kind][name]], root, skip, names, followed);
    }
  }
  return names;
}

/** The enums of a schema and of its own members. */
function ownEnums(schema) {
  return [schema, ...Object.values(schema.properties ?? {}), schema.items ?? {}].flatMap((s) => (s.enum ? [s.enum] : []));
}

/** The responses by status, references followed. */
function each(responses, ctx) {
  return Object.entries(responses ?? {}).map(([status, given]) => {
    const { node, location } = given.$ref ? ctx.resolve(given) : { node: given, location: undefined };
    return { status, response: node ?? {}, location: location ?? ctx.location };
  });
}

function resolved(given, ctx) {
  return (given.$ref ? ctx.resolve(given).node : given) ?? {};
}
