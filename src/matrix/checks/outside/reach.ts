import { certificateLife } from '../../certificate.ts'
import { type Check, good } from '../../check.ts'
import { eachAddress } from '../../outside/each-address.ts'
import { publicWay } from '../../ways.ts'

/** DNS, TCP, TLS and what is left of the certificate's life, on every address of a public name. */
const reach = (id: string, title: string, nameOf: (want: { serverName: string; matrixHost: string }) => string): Check => ({
  id,
  name: title,
  from: 'outside',
  needs: [],
  run: ({ want, world, context }) => {
    const name = nameOf(want)
    return eachAddress(world, name, 443, async (address) => {
      const life = await certificateLife(publicWay(world, address, { host: name }), context.signal)
      return life.ok ? good(`certificate ${life.detail}`) : life
    })
  },
})

export const reachServerName = reach('reach_server_name', 'server name', ({ serverName }) => serverName)
export const reachMatrixHost = reach('reach_matrix_host', 'public host', ({ matrixHost }) => matrixHost)
