/** Usage: one number for one quantity everywhere, charts with their tables, the data as a file (R82, A12). */
import { credentials, expect, sticksOut, test } from '../fixtures/index.ts'

const own = () => `/tenants/${credentials('tenant_admin').tenant}`

test('storage is the same number on the overview, in the limits and above its chart', async ({ as }) => {
  const page = await as('operator')
  await page.goto(own())
  const shown = await page.getByRole('region', { name: 'Usage' }).locator('dl').filter({ hasText: 'Storage' }).locator('.c-kpi__value').textContent()
  await page.goto(`${own()}/usage`)
  await expect(page.locator('.c-meter').filter({ hasText: 'Storage' })).toContainText(`${shown} of`)
  await expect(page.locator('dl.c-kpi').filter({ hasText: 'Storage' })).toContainText(shown ?? '')
})

test('a limit for this tenant alone is given with a reason, seen by its people without it, and taken back', async ({ as, tenant }) => {
  const page = await as('operator')
  const limits = `/tenants/${tenant.slug}/limits`
  await page.goto(`/tenants/${tenant.slug}/usage`)
  await page.getByRole('link', { name: 'Change limits' }).click()
  await expect(page).toHaveURL(limits)
  const row = page.getByRole('table', { name: 'What it may use' }).getByRole('row', { name: /^Projects/ })
  await row.getByRole('link', { name: /^Change/ }).click()
  await page.getByRole('button', { name: 'Save limit' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /problems/ }).getByRole('listitem')).toHaveCount(2)
  await page.getByLabel('Limit', { exact: true }).fill('321')
  await page.getByLabel('Reason', { exact: true }).fill('A pilot.')
  await page.getByRole('button', { name: 'Save limit' }).click()
  await expect(row).toContainText(/321.*Overrides the plan.*A pilot\./)

  // Where another plan is looked at, it is marked, with what that plan says.
  await page.goto(`/tenants/${tenant.slug}/plan?plan=professional`)
  const there = page.getByRole('table', { name: 'Limits now and then' }).getByRole('row', { name: /^Projects/ })
  await expect(there).toContainText(/321.*321.*For this tenant alone\s*plan: /)
  await page.getByRole('link', { name: 'Limits of this tenant' }).click()
  await expect(page).toHaveURL(limits)

  // Two windows: what is written in the second is not lost when the first has taken the limit back.
  await row.getByRole('link', { name: /^Change/ }).click()
  await expect(page.getByLabel('Why it is taken back')).toBeVisible()
  const second = await page.context().newPage()
  await second.goto(page.url())
  await page.getByLabel('Why it is taken back').fill('The pilot is over.')
  await page.getByRole('button', { name: 'Take limit back' }).click()
  await expect(row).toContainText('Its plan')
  await expect(row).not.toContainText('A pilot.')
  await second.getByLabel('Why it is taken back').fill('Ended with the contract.')
  await second.getByRole('button', { name: 'Take limit back' }).click()
  await expect(second.getByRole('alert').filter({ hasText: 'taken this limit back' })).toBeVisible()
  await expect(second.getByText('What you entered, not saved')).toBeVisible()
  await expect(second.getByText('Ended with the contract.')).toBeVisible()
  await expect(second.getByRole('button', { name: 'Take limit back' })).toHaveCount(0)
  await second.close()
})

for (const script of [true, false]) {
  test.describe(script ? 'on a phone with a script' : 'on a phone without a script', () => {
    test.use({ javaScriptEnabled: script, viewport: { width: 390, height: 844 } })

    test('a limit is given and refused beside its field, and nothing stands out at the side', async ({ as, tenant }) => {
      const page = await as('operator')
      await page.goto(`/tenants/${tenant.slug}/limits`)
      await page.getByRole('link', { name: 'Change the limit of storage' }).click()
      const limit = page.getByLabel('Limit', { exact: true })
      await expect(limit).toHaveAccessibleDescription(/like 20 GB/)
      await limit.fill('20')
      await page.getByLabel('Reason', { exact: true }).fill('More calls.')
      await page.getByRole('button', { name: 'Save limit' }).click()
      await expect(limit).toHaveAttribute('aria-invalid', 'true')
      await expect(limit).toHaveValue('20')
      await limit.fill('20 GB')
      await page.getByRole('button', { name: 'Save limit' }).click()
      const row = page.getByRole('row', { name: /^Storage/ })
      await expect(row).toContainText(/20\sGB.*More calls\./)
      expect(await sticksOut(page)).toEqual([])
      await page.goto(`/tenants/${tenant.slug}/plan?plan=professional`)
      await expect(page.getByRole('row', { name: /^Storage/ })).toContainText('For this tenant alone')
      expect(await sticksOut(page)).toEqual([])
    })
  })
}

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
