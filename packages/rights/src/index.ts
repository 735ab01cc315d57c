export { buildDefinitions } from './broker/definitions.ts';
export { type BrokerUser, type BrokerUserName, brokerUserNames, brokerUsers } from './broker/users.ts';
