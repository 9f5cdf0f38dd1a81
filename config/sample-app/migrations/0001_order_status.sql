ALTER TABLE `orders` ADD `status` text DEFAULT 'new' NOT NULL;
--> statement-breakpoint
CREATE INDEX `orders_status_idx` ON `orders` (`status`);
