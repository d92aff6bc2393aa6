/** The machine API as a program meets it: problems, duplicates, limits, keys, suspension, the document. */
import type { APIResponse } from '@playwright/test'
import { conversation, createKey, expect, suspend, test } from '../fixtures/index.ts'

/** Checks the shape of RFC 9457 and answers the body. */
async function problem(response: APIResponse, status: number, kind: string) {
  expect(response.status()).toBe(status)
  expect(response.headers()['content-type']).toBe('application/problem+json')
  expect(response.headers()['cache-control']).toBe('no-store')
  const body = await response.json()
  expect(body).toMatchObject({
    type: `urn:steward:problem:${kind}`,
    status,
    title: expect.any(String),
    detail: expect.any(String),
    request_id: expect.any(String),
  })
  return body
}

test('errors of every layer are problem details', async ({ as, api, tenant }) => {
  const program = api(await createKey(await as('operator'), tenant.slug, 'Read and write'))

  const none = await api().get('/tenant')
  await problem(none, 401, 'unauthorized')
  expect(none.headers()['www-authenticate']).toContain('Bearer')
  await problem(await api('stw_live_nonsense').get('/tenant'), 401, 'unauthorized')

  await problem(await program.get('/nowhere'), 404, 'not-found')
  await problem(await program.get('/conversations/unknown'), 404, 'not-found')
  await problem(await program.get('/conversations?limit=0'), 400, 'bad-request')
  await problem(await program.get('/conversations?state=asleep'), 400, 'bad-request')
  await problem(await program.post('/conversations', 'hello', 'text/plain'), 415, 'media-type')
  await problem(await program.post('/tenant', '{}', 'application/json'), 405, 'method-not-allowed')
  // A tenant's key is not the platform's, whatever is asked for.
  await problem(await program.get('/tenants'), 403, 'other-key')
  await problem(await program.post(`/tenants/${tenant.slug}/suspend`, '{}', 'application/json'), 403, 'other-key')

  const lines = [conversation('good'), { id: 'no-turns', turns: [] }, { turns: [{ speaker: 'robot', text: 'x' }] }]
  const wrong = await program.post('/conversations', lines.map((line) => JSON.stringify(line)).join('\n'), 'application/x-ndjson')
  const body = await problem(wrong, 422, 'invalid')
  expect(body.errors).toContainEqual(expect.objectContaining({ line: 2, pointer: '/turns' }))
  expect(body.errors).toContainEqual(expect.objectContaining({ line: 3, pointer: '/id' }))
  // All of a request or nothing.
  await problem(await program.get('/conversations/good'), 404, 'not-found')
})

test('what is sent again is counted as a duplicate and changes nothing', async ({ as, api, tenant }) => {
  const program = api(await createKey(await as('operator'), tenant.slug, 'Read and write'))

  const first = await program.sendOne(conversation('call/1 ä'))
  expect(first.status()).toBe(201)
  expect(await first.json()).toEqual({ received: 1, created: 1, duplicates: 0 })
  expect(first.headers().location).toBe('/api/v1/conversations/call%2F1%20%C3%A4')

  const again = await program.sendOne(conversation('call/1 ä'))
  expect(again.status()).toBe(200)
  expect(await again.json()).toEqual({ received: 1, created: 0, duplicates: 1 })

  // The same id with other content is no repetition: it is refused, and named.
  await problem(await program.sendOne(conversation('call/1 ä', { channel: 'voice' })), 409, 'other-content')

  const many = await program.send([conversation('call/1 ä'), conversation('b'), conversation('b'), conversation('c')])
  expect(await many.json()).toEqual({ received: 4, created: 2, duplicates: 2 })

  const kept = await program.get('/conversations/call%2F1%20%C3%A4')
  expect(await kept.json()).toMatchObject({ id: 'call/1 ä', channel: 'chat', turn_count: 6 })

  const page = await (await program.get('/conversations?limit=2')).json()
  expect(page.items).toHaveLength(2)
  const rest = await (await program.get(`/conversations?limit=2&after=${page.next}`)).json()
  expect(rest.items).toHaveLength(1)
  expect(rest.next).toBeUndefined()
})

test('every answer says how many calls are left', async ({ as, api, tenant }) => {
  const program = api(await createKey(await as('operator'), tenant.slug, 'Read-only'))
  const left = async () => {
    const response = await program.get('/tenant')
    expect(response.status()).toBe(200)
    // The starter plan: 500 calls in 15 minutes.
    expect(response.headers()['ratelimit-policy']).toBe('"api-calls";q=500;w=900')
    const [, remaining, reset] = /^"api-calls";r=(\d+);t=(\d+)$/.exec(response.headers().ratelimit ?? '') ?? []
    expect(Number(reset)).toBeLessThanOrEqual(900)
    return Number(remaining)
  }
  const first = await left()
  expect(first).toBeLessThan(500)
  expect(await left()).toBe(first - 1)
})

test('a read-only key reads and does not send; a revoked one does nothing', async ({ as, api, tenant }) => {
  const page = await as('operator')
  const program = api(await createKey(page, tenant.slug, 'Read-only', 'Reporting'))

  const standing = await (await program.get('/tenant')).json()
  expect(standing).toMatchObject({ slug: tenant.slug, name: tenant.name, status: 'trial', access: 'full', plan: 'starter' })
  await problem(await program.sendOne(conversation('x')), 403, 'forbidden')

  await page.goto(`/tenants/${tenant.slug}/api-keys`)
  await page.getByRole('link', { name: 'Revoke… Reporting' }).click()
  await page.getByLabel('Reason').fill('The reporting tool is gone.')
  await page.getByRole('button', { name: 'Revoke key' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'is revoked' })).toBeVisible()
  await problem(await program.get('/tenant'), 401, 'unauthorized')
})

test('a tenant that is suspended read-only can be read and not written', async ({ as, api, tenant }) => {
  const page = await as('operator')
  const program = api(await createKey(page, tenant.slug, 'Read and write'))
  await suspend(page, tenant.slug, { why: 'Payment failure', scope: 'Read-only', reason: 'Invoice 7 is overdue.' })
  await expect(page.getByRole('heading', { level: 1, name: tenant.name })).toBeVisible()

  const standing = await program.get('/tenant')
  expect(await standing.json()).toMatchObject({ status: 'suspended', access: 'read_only' })
  await problem(await program.sendOne(conversation('x')), 403, 'tenant-suspended')
})

test('a program of the platform suspends a tenant and lets it back in', async ({ as, api, tenant }) => {
  const owner = await as('owner')
  await owner.goto('/settings/keys')
  await owner.getByLabel('Name', { exact: true }).fill(`Billing of ${tenant.slug}`)
  await owner.getByRole('radio', { name: /^Operator/ }).check()
  await owner.getByRole('button', { name: 'Make key' }).click()
  const billing = api((await owner.getByRole('alert').getByText(/^stw_platform_/).textContent()) ?? '')
  const program = api(await createKey(await as('operator'), tenant.slug, 'Read-only'))

  const ask = async (move: string, body: object) => {
    const response = await billing.post(`/tenants/${tenant.slug}/${move}`, JSON.stringify(body), 'application/json')
    expect(response.status()).toBe(202)
    const { id } = await response.json()
    expect(response.headers().location).toBe(`/api/v1/operations/${id}`)
    await expect.poll(async () => (await (await billing.get(`/operations/${id}`)).json()).state).toBe('succeeded')
  }
  await ask('suspend', { code: 'security_incident', scope: 'blocked', reason: 'A key has leaked.' })
  await problem(await program.get('/tenant'), 403, 'tenant-suspended')
  await ask('reinstate', { proof: 'All keys were changed.' })
  expect((await program.get('/tenant')).status()).toBe(200)

  const found = await (await billing.get(`/tenants?q=${tenant.slug}&limit=200`)).json()
  expect(found.tenants).toContainEqual(expect.objectContaining({ slug: tenant.slug, status: 'trial', access: 'full' }))
  // Of the tenant's own it has nothing, and a body that says nothing is told what it lacks.
  await problem(await billing.get('/conversations'), 403, 'other-key')
  const empty = await problem(await billing.post(`/tenants/${tenant.slug}/suspend`, '{}', 'application/json'), 422, 'invalid')
  expect(empty.errors.map((error: { pointer: string }) => error.pointer)).toEqual(['/code', '/reason', '/scope'])
})

test('the API is described by a document that needs no key', async ({ api }) => {
  const document = await (await api().get('/openapi.json')).json()
  expect(document.openapi).toMatch(/^3\./)
  expect(Object.keys(document.paths).sort()).toEqual([
    '/bulk',
    '/bulk/{id}',
    '/bulk/{id}/start',
    '/conversations',
    '/conversations/{id}',
    '/deliveries',
    '/deliveries/{id}',
    '/deliveries/{id}/resend',
    '/isolation',
    '/operations',
    '/operations/{id}',
    '/operations/{id}/cancel',
    '/operations/{id}/retry',
    '/operations/{id}/roll-back',
    '/settings',
    '/template',
    '/tenant',
    '/tenants',
    '/tenants/{slug}',
    '/tenants/{slug}/billing-reference',
    '/tenants/{slug}/go-live',
    '/tenants/{slug}/payments',
    '/tenants/{slug}/payments/{reference}/settle',
    '/tenants/{slug}/plan',
    '/tenants/{slug}/reinstate',
    '/tenants/{slug}/scope',
    '/tenants/{slug}/suspend',
    '/tenants/{slug}/trial/convert',
    '/tenants/{slug}/trial/extend',
    '/webhooks',
    '/webhooks/{id}',
    '/webhooks/{id}/rotate',
    '/webhooks/{id}/test',
  ])
})
