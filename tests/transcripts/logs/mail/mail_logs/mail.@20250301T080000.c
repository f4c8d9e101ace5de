Sat Mar 1 08:00:00 2025 Info: Begin Logfile
Sat Mar 1 08:30:41 2025 Info: New SMTP ICID 9 interface Management (192.0.2.10) address 198.51.100.4 reverse dns host mx.example.com verified yes
Sat Mar 1 08:30:41 2025 Info: ICID 9 RELAY SG RELAYLIST match 198.51.100.4 SBRS not enabled
Sat Mar 1 08:30:41 2025 Info: Start MID 7 ICID 9
Sat Mar 1 08:30:41 2025 Info: MID 7 ICID 9 From: <Anna@example.com>
Sat Mar 1 08:30:41 2025 Info: MID 7 ICID 9 RID 0 To: <carl@plain.example>
Sat Mar 1 08:30:41 2025 Info: MID 7 Subject "quarterly figures, again"
Sat Mar 1 08:30:41 2025 Info: MID 7 ready 311 bytes from <Anna@example.com>
Sat Mar 1 08:30:41 2025 Info: MID 7 queued for delivery
Sat Mar 1 08:30:42 2025 Info: New SMTP DCID 11 interface 192.0.2.10 address 203.0.113.40 port 25
Sat Mar 1 08:30:42 2025 Info: DCID 11 TLS failed: STARTTLS unexpected response
Sat Mar 1 08:30:42 2025 Info: DCID 11 close
Sat Mar 1 08:31:42 2025 Info: New SMTP DCID 12 interface 192.0.2.10 address 203.0.113.40 port 25
Sat Mar 1 08:31:42 2025 Info: DCID 12 TLS success protocol TLSv1.3 cipher TLS_AES_256_GCM_SHA384
Sat Mar 1 08:31:42 2025 Info: Delivery start DCID 12 MID 7 to RID [0]
Sat Mar 1 08:31:43 2025 Info: Bounced: DCID 12 MID 7 to RID 0 - 5.1.0 - Unknown address error ('550', ['<carl@plain.example>... No such user']) []
Sat Mar 1 08:31:43 2025 Info: MID 8 was generated for bounce of MID 7
Sat Mar 1 08:31:43 2025 Info: Start MID 8 ICID 0
Sat Mar 1 08:31:43 2025 Info: MID 8 ICID 0 From: <>
Sat Mar 1 08:31:43 2025 Info: MID 8 ICID 0 RID 0 To: <Anna@example.com>
Sat Mar 1 08:31:43 2025 Info: Message finished MID 7 done
Sat Mar 1 08:31:46 2025 Info: ICID 9 close
Sat Mar 1 08:31:48 2025 Info: DCID 12 close
