# Users of the broker and of Postgres, see docs/rights.md. Runs to its end before the services start.

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm exec --yes "pnpm@$(node -p "/pnpm: (.+)/.exec(require('fs').readFileSync('pnpm-workspace.yaml','utf8'))[1]")" -- \
      --filter "@wbor/rights..." install --frozen-lockfile --ignore-scripts
RUN cd packages/rights && PATH="$PWD/node_modules/.bin:$PATH" npm run build \
 && mkdir /out && cp dist/*.js /out/ && echo '{"type":"module"}' > /out/package.json

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=root:root /out/ ./
# The broker's user in its image, who reads what is written there, and nobody else.
RUN install -d -o 999 -g 999 -m 700 /rights
USER 999:999
ENTRYPOINT ["node", "main.js"]
