/** Usage: one number for one quantity everywhere, charts with their tables, the data as a file (R82, A12). */
import { credentials, expect, test } from '../fixtures/index.ts'

const own = () => `/tenants/${credentials('tenant_admin').tenant}`

test('storage is the same number on the overview, in the limits and above its chart', async ({ as }) => {
  const page = await as('operator')
  await page.goto(own())
  const shown = await page.getByRole('region', { name: 'Usage' }).locator('dl').filter({ hasText: 'Storage' }).locator('.c-kpi__value').textContent()
  await page.goto(`${own()}/usage`)
  await expect(page.locator('.c-meter').filter({ hasText: 'Storage' })).toContainText(`${shown} of`)
  await expect(page.locator('dl.c-kpi').filter({ hasText: 'Storage' })).toContainText(shown ?? '')
})

test('the file holds the table, exactly', async ({ as }) => {
  const page = await as('operator')
  await page.goto(`${own()}/usage?days=7`)
  const figure = page.getByRole('figure', { name: 'Conversations per day' })
  await figure.getByText('Data table').click()
  const cells = await figure.getByRole('row').nth(1).getByRole('cell').allTextContents()
  const day = await figure.getByRole('row').nth(1).getByRole('rowheader').textContent()
  const download = page.waitForEvent('download')
  await figure.getByRole('link', { name: 'Download CSV' }).click()
  const stream = await (await download).createReadStream()
  const text = (await stream.toArray()).join('')
  expect(text.split('\n')[0]?.trim()).toBe('day,conversations,api_calls,task_runs,storage_bytes')
  const line = text.split('\n').find((each) => each.startsWith(`${day},`))
  expect(line?.split(',')[1]).toBe(cells[0]?.replace(/\D/g, ''))
})

test('another tenant’s file is not there, and a stranger is asked to sign in', async ({ as, tenant, request }) => {
  const page = await as('tenant_admin')
  for (const path of [`/tenants/${tenant.slug}/usage.csv`, `/tenants/${tenant.slug}/audit.csv`]) {
    expect((await page.request.get(path)).status(), path).toBe(404)
  }
  for (const path of ['/usage.csv', '/audit.csv']) expect((await page.request.get(path)).status(), path).toBe(403)
  const nobody = await request.get('/audit.csv', { maxRedirects: 0 })
  expect(nobody.status()).toBe(303)
})
