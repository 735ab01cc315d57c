import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import { callbackEvent, groupMeCallbackSchema, sendRequestSchema, standardKey } from '@wbor/contracts';
import { connect } from 'amqplib';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import {
  type FastifyPluginAsyncZod,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { LRUCache } from 'lru-cache';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';

// The least that takes a message over HTTP and loses none: validate, publish, answer when the broker has confirmed it.
// `bare` has a schema and nothing else. `honest` also holds the limits that the gateway holds: its own schema, the size of
// a body, the secret, the budget of calls, repeats. Neither logs, counts, names an OpenAPI document or outlives a broker.

const env = (name: string): string => process.env[name] ?? '';

type Publish = (key: string, body: unknown, messageId?: string) => Promise<void>;

const NAMESPACE = '5b1f0f3e-6d0c-4c43-9a55-6f0a4b9c7a10';
const MAX_BODY_BYTES = 256 * 1024;

async function connectPublish(): Promise<Publish> {
  const connection = await connect(env('RABBITMQ_URL'), { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(env('EXCHANGE'), 'topic', { durable: true });
  await channel.assertQueue(env('QUEUE'), { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  for (const key of ['source.standard.#', callbackEvent.key]) {
    await channel.bindQueue(env('QUEUE'), env('EXCHANGE'), key);
  }
  return (key, body, messageId) =>
    new Promise((resolve, reject) => {
      const id = messageId === undefined ? {} : { messageId };
      const options = { persistent: true, contentType: 'application/json', ...id };
      channel.publish(env('EXCHANGE'), key, Buffer.from(JSON.stringify(body)), options, (error) =>
        error ? reject(error) : resolve(),
      );
    });
}

const bareRoutes: FastifyPluginAsyncZod<{ publish: Publish }> = async (app, { publish }) => {
  const send = z.object({ source: z.string(), body: z.string(), wbor_message_id: z.string().optional() });
  app.post('/send', { schema: { body: send } }, async (request, reply) => {
    const id = request.body.wbor_message_id ?? randomUUID();
    await publish(standardKey(request.body.source), { ...request.body, wbor_message_id: id });
    return reply.code(202).send({ status: 'queued', wbor_message_id: id });
  });
  const callback = z.looseObject({ id: z.string(), text: z.string().nullish() });
  app.post('/callback/:secret', { schema: { body: callback } }, async (request) => {
    await publish(callbackEvent.key, request.body);
    return 'OK';
  });
};

const honestRoutes: FastifyPluginAsyncZod<{ publish: Publish }> = async (app, { publish }) => {
  const budget = app.createRateLimit({
    max: 1_000_000,
    timeWindow: 60_000,
    keyGenerator: ({ body, ip }) => `${ip} ${(body as { source?: unknown } | undefined)?.source}`,
  });
  const isPassword = createSecretCheck(env('PASSWORD'));
  const isSecret = createSecretCheck(env('CALLBACK_SECRET'));

  async function admit(request: FastifyRequest): Promise<void> {
    const [, given] = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (!isPassword(given ?? '')) throw app.httpError(401);
    const count = await budget(request);
    if (!count.isAllowed && count.isExceeded) throw app.httpError(429);
  }

  app.post(
    '/send',
    { bodyLimit: MAX_BODY_BYTES, preValidation: admit, schema: { body: sendRequestSchema } },
    async (request, reply) => {
      const { source } = request.body;
      const id = request.body.wbor_message_id ?? randomUUID();
      const body = { ...request.body, wbor_message_id: id };
      await publish(standardKey(source), body, uuidv5(id, NAMESPACE));
      return reply.code(202).send({ status: 'queued', wbor_message_id: id });
    },
  );

  const seen = new LRUCache<string, true>({ max: 10_000, ttl: 24 * 60 * 60 * 1_000 });
  app.post(
    '/callback/:secret',
    {
      bodyLimit: MAX_BODY_BYTES,
      schema: { body: groupMeCallbackSchema },
      onRequest: async (request: FastifyRequest) => {
        if (!isSecret((request.params as { secret: string }).secret)) throw app.httpError(404);
      },
    },
    async (request) => {
      const id = uuidv5(JSON.stringify(request.body), NAMESPACE);
      if (seen.has(id)) return 'OK';
      await publish(callbackEvent.key, request.body, id);
      seen.set(id, true);
      return 'OK';
    },
  );
};

function createSecretCheck(secret: string): (given: string) => boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}

declare module 'fastify' {
  interface FastifyInstance {
    httpError(statusCode: number): Error;
  }
}

async function main(): Promise<void> {
  const publish = await connectPublish();
  const app: FastifyInstance = fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorate('httpError', (statusCode) => Object.assign(new Error('refused'), { statusCode }));
  if (env('KIND') === 'honest') {
    await app.register(rateLimit, { global: false });
    await app.register(honestRoutes, { publish });
  } else {
    await app.register(bareRoutes, { publish });
  }
  await app.listen({ host: '127.0.0.1', port: Number(env('PORT')) });
  process.stdout.write('{"msg":"ready"}\n');
}

void main();
