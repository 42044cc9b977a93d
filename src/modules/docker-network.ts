import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, list, text } from '../module/params.ts'
import { networkFacts, networkMore, planNetwork } from './docker/network-plan.ts'
import { dockerName, texts } from './docker/params.ts'

const params = z
  .strictObject({
    name: dockerName()
      .meta({ aliases: ['network_name'] })
      .describe('Name of the network.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the network is there.'),
    driver: text().default('bridge').describe('The network’s driver.'),
    driver_options: texts().optional().describe('Options for the driver, by name.'),
    ipam_config: z
      .array(
        z.strictObject({
          subnet: text().optional().describe('Addresses of the network, as 10.20.0.0/24.'),
          gateway: text().optional().describe('Address of the host in it.'),
          iprange: text().optional().describe('Addresses to give to containers, as 10.20.0.128/25.'),
          aux_addresses: texts().optional().describe('Addresses that are taken, by name.'),
        }),
      )
      .optional()
      .describe('Its addresses. Unset: chosen by Docker.'),
    internal: bool().optional().describe('Whether it has no way out.'),
    attachable: bool().optional().describe('Whether containers may enter a network of a swarm.'),
    enable_ipv6: bool().optional().describe('Whether it has IPv6.'),
    labels: texts().optional().describe('Labels, by name.'),
    connected: list()
      .optional()
      .meta({ aliases: ['containers'] })
      .describe('Names of the containers in it. Unset: whichever are.'),
    appends: bool()
      .default(false)
      .meta({ aliases: ['incremental'] })
      .describe('Leave containers in it that connected does not name.'),
    force: bool().default(false).describe('Recreate it even if nothing differs; with state absent, disconnect its containers first.'),
  })
  .refine((want) => (want.ipam_config ?? []).every((one) => one.subnet !== undefined), {
    error: 'each entry requires subnet',
    path: ['ipam_config'],
  })

/** Networks, by docker-network(1). */
export const dockerNetwork = defineModule({
  name: 'docker_network',
  summary: 'Keep a Docker network.',
  notes: [
    'Docker cannot change a network: one that differs is recreated, and the running containers in it are taken out and put back, with their aliases and fixed addresses (a fixed address that the new one does not have is given up). If the new one cannot be made, the old one is made again and they are put back into it. A stopped container is connected anew by a task that keeps it: `connected` here, or its docker_container.',
    'Only what is given is compared; of ipam_config, subnets of a family that it does not name are Docker’s. Without connected the containers in it are left alone; Ansible takes all out unless appends is given.',
    'A network with running containers is removed only with force.',
  ],
  params,
  examples: [
    { title: 'A network of its own', params: { name: 'matrix' } },
    {
      title: 'With known addresses, and no way out',
      params: { name: 'backend', internal: true, ipam_config: [{ subnet: '172.30.0.0/24', gateway: '172.30.0.1' }] },
    },
    { title: 'Two containers in it', params: { name: 'matrix', connected: ['synapse', 'cloudflared'], appends: true } },
    { title: 'Gone', params: { name: 'old', state: 'absent' } },
  ],
  returns: { network: 'docker network inspect of the network; empty when it is absent.' },
  facts: networkFacts,
  more: networkMore,
  plan: planNetwork,
  result: (want, { network }) => ({ network: want.state === 'absent' ? {} : (network ?? {}) }),
})
