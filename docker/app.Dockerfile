# One small image per app:
#   docker build -f docker/app.Dockerfile --build-arg APP=gateway -t wbor-gateway .
# EXTERNALS names the packages that cannot be bundled, since they hold native code or files: sharp for the relay.

FROM node:24-bookworm-slim AS build
ARG APP
ARG EXTERNALS=""
WORKDIR /src
COPY . .
# Install scripts only fetch a Node 24 for developers' machines; here there is one.
RUN npm exec --yes "pnpm@$(node -p "/pnpm: (.+)/.exec(require('fs').readFileSync('pnpm-workspace.yaml','utf8'))[1]")" -- \
      --filter "@wbor/${APP}..." --filter "@wbor/doctor..." install --frozen-lockfile --ignore-scripts
RUN cd "apps/${APP}" && PATH="$PWD/node_modules/.bin:$PATH" npm run build \
 && mkdir /out && cp dist/*.js dist/*.map dist/*.txt /out/ && echo "${APP}" > /out/service-name && echo '{"type":"module"}' > /out/package.json \
 && node -p "/healthPort: (\d+)/.exec(require('fs').readFileSync('src/config.ts','utf8'))[1]" > /out/health-port \
 && for name in ${EXTERNALS}; do \
      version=$(node -p "require('./node_modules/${name}/package.json').version") || exit 1; \
      npm install --prefix /out --no-audit --no-fund --save-exact "${name}@${version}" || exit 1; \
    done
# The doctor looks at the service that `service-name` tells, by the settings that it runs with.
RUN cd packages/doctor && PATH="$PWD/node_modules/.bin:$PATH" npm run build && cp dist/main.js /out/doctor.js

FROM node:24-bookworm-slim
# Node would keep the whole source map in memory, more than a service needs otherwise. Names in main.js are those of the sources,
# and its map lies beside it for whoever wants their lines.
# In a container the health port is as private as its network; nothing outside could reach the loopback address.
ENV NODE_ENV=production HEALTH_HOST=0.0.0.0 NODE_COMPILE_CACHE=/app/compile-cache
WORKDIR /app
COPY --from=build --chown=root:root /out/ ./
# For a volume of what an app keeps on disk: the gateway's tokens and its spool.
RUN install -d -o node -g node /data "$NODE_COMPILE_CACHE"
USER node
# What is compiled now need not be at every start. It is found only with the flags of CMD below, and by this user.
RUN node --max-semi-space-size=4 main.js --help > /dev/null
# /livez, not /readyz: an orchestrator restarts what is unhealthy, which mends neither GroupMe nor the broker.
# The file holds the app's default port, for a container that is given none.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT || require('fs').readFileSync('health-port', 'utf8').trim()}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node lets what is short-lived grow to three times 16 MiB before it looks; a service under load has a third less memory so, and is no slower.
CMD ["node", "--max-semi-space-size=4", "main.js"]
