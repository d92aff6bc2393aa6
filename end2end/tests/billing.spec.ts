/** Failed payments and the rules that suspend by themselves (R78, R87; issue 3, item 5). */
import { credentials, expect, expectAccessible, test } from '../fixtures/index.ts'

/** A day so many days ago, as a date field takes it. */
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

// One after the other: the last test changes a rule that the others read.
test.describe.serial('payments that do not come', () => {
  for (const script of [true, false]) {
    test.describe(script ? 'with a script' : 'without a script', () => {
      test.use({ javaScriptEnabled: script })

      test('a failed payment is noted, says what happens next, and is settled', async ({ as, tenant }) => {
        const page = await as('operator')
        await page.goto(`/tenants/${tenant.slug}`)
        await page.getByRole('navigation', { name: 'Tenant sections' }).getByRole('link', { name: 'Billing' }).click()
        await expect(page.getByRole('heading', { name: 'No payment is open' })).toBeVisible()

        await page.getByLabel('Reference', { exact: true }).fill('INV-7')
        await page.getByLabel('Amount (optional)').fill('120.00 EUR')
        await page.getByLabel('Failed on (optional)').fill(daysAgo(1))
        await page.getByRole('button', { name: 'Note failed payment' }).click()
        await expect(page.getByRole('status').filter({ hasText: 'INV-7 is noted as unpaid.' })).toBeVisible()
        const open = page.getByRole('table', { name: 'Open payments' })
        await expect(open.getByRole('row', { name: /INV-7/ })).toContainText('120.00 EUR')
        const next = page.getByRole('region', { name: 'What happens next' })
        await expect(next).toContainText(/Suspended \(read-only\) on .*: INV-7 is unpaid since/)

        await open.getByRole('link', { name: 'Settle INV-7' }).click()
        await expect(page.getByLabel('Payment', { exact: true })).toHaveValue('INV-7')
        await page.getByLabel('How it was settled').fill('Transfer of today.')
        await page.getByRole('button', { name: 'Settle payment' }).click()
        await expect(page.getByRole('status').filter({ hasText: 'INV-7 is settled.' })).toBeVisible()
        await expect(open).toHaveCount(0)
        await expect(next).not.toContainText('INV-7')
        await expect(page.getByRole('table', { name: 'Settled payments' })).toContainText('Transfer of today.')
      })
    })
  }

  test('a refused form keeps what was typed, and names what is wrong', async ({ as, tenant }) => {
    const page = await as('operator')
    await page.goto(`/tenants/${tenant.slug}/billing`)
    await page.getByLabel('Amount (optional)').fill('80.00 GBP')
    await page.getByLabel('Failed on (optional)').fill(daysAgo(-3))
    await page.getByRole('button', { name: 'Note failed payment' }).click()
    await expect(page.getByRole('alert').filter({ hasText: 'There are 2 problems' })).toBeVisible()
    await expect(page.getByLabel('Reference', { exact: true })).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Amount (optional)')).toHaveValue('80.00 GBP')
    await expect(page.getByLabel('Failed on (optional)')).toHaveValue(daysAgo(-3))
    await expectAccessible(page)

    await page.getByLabel('Reference', { exact: true }).fill('INV-8')
    await page.getByLabel('Failed on (optional)').fill('')
    await page.getByRole('button', { name: 'Note failed payment' }).click()
    await expect(page.getByRole('row', { name: /INV-8/ })).toBeVisible()
    // The same bill a second time.
    await page.getByLabel('Reference', { exact: true }).fill('INV-8')
    await page.getByRole('button', { name: 'Note failed payment' }).click()
    await expect(page.getByRole('alert').filter({ hasText: 'This payment is noted already.' })).toBeVisible()
    await expect(page.getByLabel('Reference', { exact: true })).toHaveValue('INV-8')
    await page.getByRole('button', { name: 'Settle payment' }).click()
    await expect(page.getByLabel('How it was settled')).toHaveAttribute('aria-invalid', 'true')
    await expectAccessible(page)
  })

  test('a bill that stays unpaid suspends by itself, and its settlement leads back', async ({ as, tenant }) => {
    const page = await as('operator')
    await page.goto(`/tenants/${tenant.slug}/billing`)
    await page.getByLabel('Reference', { exact: true }).fill('INV-9')
    await page.getByLabel('Failed on (optional)').fill(daysAgo(40))
    await page.getByRole('button', { name: 'Note failed payment' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'INV-9 is noted as unpaid.' })).toBeVisible()
    await expect(async () => {
      await page.goto(`/tenants/${tenant.slug}/billing`)
      await expect(page.getByText('Suspended, read-only')).toBeVisible({ timeout: 500 })
    }).toPass({ timeout: 60_000 })
    await expect(page.getByRole('region', { name: 'What happens next' })).toContainText('It is suspended.')

    await page.getByLabel('How it was settled').fill('Card, after a call.')
    await page.getByRole('button', { name: 'Settle payment' }).click()
    await expect(page.getByText('nothing is open any more: it can be reinstated')).toBeVisible()
    await page.getByRole('link', { name: 'Reinstate…' }).last().click()
    await page.getByLabel('Proof that the cause is gone').fill('INV-9 was paid by card.')
    await page.getByRole('button', { name: 'Reinstate tenant' }).click()
    await expect(page.getByText('Suspended, read-only')).toHaveCount(0)
  })

  test('a tenant’s admin reads its own bills, changes nothing, and finds no other’s', async ({ as, tenant }) => {
    const page = await as('tenant_admin')
    await page.goto(`/tenants/${credentials('tenant_admin').tenant}/billing`)
    await expect(page.getByRole('region', { name: 'What happens next' })).toBeVisible()
    await expect(page.getByRole('button', { name: /payment/ })).toHaveCount(0)
    const other = await page.goto(`/tenants/${tenant.slug}/billing`)
    expect(other?.status()).toBe(404)
    const rules = await page.goto('/settings/rules')
    expect(rules?.status()).toBe(403)
  })

  test('the days of a rule are changed with a reason, and a wrong number is refused', async ({ as }) => {
    const page = await as('operator')
    await page.goto('/settings/approvals')
    await page.getByRole('link', { name: 'Lifecycle rules' }).click()
    const rules = page.getByRole('table', { name: 'Lifecycle rules' })
    await expect(rules.getByRole('row')).toHaveCount(4)

    const change = async (days: string, reason: string) => {
      await page.goto('/settings/rules/payment_failure')
      await page.getByLabel('Days after the payment failed').fill(days)
      await page.getByLabel('Reason').fill(reason)
      await page.getByRole('button', { name: 'Save rule' }).click()
    }
    await page.goto('/settings/rules/payment_failure')
    const before = await page.getByLabel('Days after the payment failed').inputValue()
    const after = before === '9' ? '10' : '9'
    await change('1000', 'A typing error.')
    await expect(page.getByLabel('Days after the payment failed')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Days after the payment failed')).toHaveValue('1000')
    await expect(page.getByLabel('Reason')).toHaveValue('A typing error.')
    await expectAccessible(page)

    await change(after, 'New terms of payment.')
    await expect(rules.getByRole('row', { name: /Unpaid bill/ })).toContainText(`Read-only after ${after} days`)
    await page.goto('/settings/rules/payment_failure')
    await expect(page.getByRole('region', { name: 'Now', exact: true })).toContainText('New terms of payment.')
    await change(before, 'As it was.')
    await expect(rules.getByRole('row', { name: /Unpaid bill/ })).toContainText(`Read-only after ${before} days`)
  })
})
