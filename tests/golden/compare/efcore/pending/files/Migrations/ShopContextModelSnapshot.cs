[DbContext(typeof(ShopContext))] partial class ShopContextModelSnapshot { }
