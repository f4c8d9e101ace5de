Fri Feb 28 09:00:00 2025 Info: Begin Logfile
Fri Feb 28 09:12:07 2025 Info: New SMTP ICID 5 interface Management (192.0.2.10) address 198.51.100.4 reverse dns host mx.example.com verified yes
Fri Feb 28 09:12:07 2025 Info: ICID 5 RELAY SG RELAYLIST match 198.51.100.4 SBRS not enabled
Fri Feb 28 09:12:07 2025 Info: Start MID 6 ICID 5
Fri Feb 28 09:12:07 2025 Info: MID 6 ICID 5 From: <anna@example.com>
Fri Feb 28 09:12:07 2025 Info: MID 6 ICID 5 RID 0 To: <bert@secure.example>
Fri Feb 28 09:12:07 2025 Info: MID 6 Subject "Quarterly figures"
Fri Feb 28 09:12:07 2025 Info: MID 6 ready 280 bytes from <anna@example.com>
Fri Feb 28 09:12:07 2025 Info: MID 6 queued for delivery
Fri Feb 28 09:12:08 2025 Info: New SMTP DCID 8 interface 192.0.2.10 address 203.0.113.25 port 25
Fri Feb 28 09:12:08 2025 Info: DCID 8 TLS success protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384 for secure.example
Fri Feb 28 09:12:08 2025 Info: Delivery start DCID 8 MID 6 to RID [0]
Fri Feb 28 09:12:08 2025 Info: Message done DCID 8 MID 6 to RID [0]
Fri Feb 28 09:12:08 2025 Info: MID 6 RID [0] Response '2.0.0 Ok: queued as 4F2'
Fri Feb 28 09:12:08 2025 Info: Message finished MID 6 done
Fri Feb 28 09:12:13 2025 Info: ICID 5 close
Fri Feb 28 09:12:13 2025 Info: DCID 8 close
Sat Mar  1 08:00:00 2025 Info: End Logfile
