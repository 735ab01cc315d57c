import type { FastifyInstance } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { $ZodType } from 'zod/v4/core';

/** Who reads the message knows its fields; here it is enough that there are some. */
export const jsonObjectSchema = z.looseObject({});

/** From now on a body is held against its schema and handed on as it came, field order included. */
export function handOnAsItCame(app: FastifyInstance): void {
  app.setValidatorCompiler<$ZodType>((route) => {
    const validate = validatorCompiler(route);
    return (value: unknown) => {
      const result = validate(value);
      return typeof result === 'object' && 'error' in result && result.error
        ? { error: result.error }
        : { value };
    };
  });
}
