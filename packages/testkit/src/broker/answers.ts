import { connect } from 'amqplib';

/** Whether a broker takes AMQP connections at this URL, password and virtual host included. */
export async function brokerAnswers(url: string, timeoutMs = 5_000): Promise<true> {
  const connection = await connect(url, { timeout: timeoutMs });
  connection.on('error', () => undefined);
  await connection.close();
  return true;
}
